"""The snippets in README.md and docs/python.md run, as do the examples in docstrings."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs" / "python.md"], ids=lambda page: page.name
)
def test_the_snippets_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share their names, as they would in a session. What a snippet prints is compared with the comment
    behind a print."""
    snippets = blocks(page)
    if page.name == "python.md":
        assert len(snippets) >= 10
        pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "opera_house.json").write_bytes(
        (ROOT / "examples" / "venues" / "opera_house.json").read_bytes()
    )
    names: dict[str, Any] = {"__name__": "__snippet__"}
    for number, snippet in enumerate(snippets, 1):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(snippet, f"{page.name}, snippet {number}", "exec"), names)
        expected = re.findall(r"^\s*print\(.*\)  # (.*)$", snippet, re.M)
        assert [
            line for line in output.getvalue().splitlines() if line in expected
        ] == expected, f"snippet {number}:\n{snippet}\nprinted:\n{output.getvalue()}"


@pytest.mark.parametrize(
    "name", ["ticketcore", "ticketcore.aio", "ticketcore.conformance", "ticketcore._seat_map"]
)
def test_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    names = {
        key: value
        for key, value in vars(importlib.import_module("ticketcore")).items()
        if not key.startswith("_") and key != "open"
    }
    failed, tried = doctest.testmod(module, extraglobs=names)
    assert tried > 0 and failed == 0


def test_links_of_the_page_lead_somewhere() -> None:
    page = ROOT / "docs" / "python.md"
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert os.access(ROOT / "bindings" / "python" / "README.md", os.R_OK)
