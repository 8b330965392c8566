"""Types and docstrings: the stub says what the module has, and users' checkers are content."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from conftest import ROOT

import ticketcore

MODULES = [
    "ticketcore", "ticketcore.aio", "ticketcore.conformance", "ticketcore._changes", "ticketcore._errors",
    "ticketcore._event", "ticketcore._office", "ticketcore._seat_map", "ticketcore._storage",
    "ticketcore._tables", "ticketcore._command", "ticketcore._demo",
]  # fmt: skip
EXAMPLES = [str(path) for path in sorted((ROOT / "examples" / "python").glob("*.py"))]
# What is built lies in build/; the checkout stays as it is.
ENVIRONMENT = {**os.environ, "MYPYPATH": ""}


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_and_the_module_have_the_same() -> None:
    pytest.importorskip("mypy")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy.stubtest",
            "ticketcore",
            "--mypy-config-file",
            "pyproject.toml",
            "--concise",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
        check=False,
    )
    of_the_binder = [
        r"metaclass differs",  # pybind11's own
        # of classes that have no constructor: it raises TypeError
        r"\.__init__ is inconsistent, stub does not have \*args",
        r"Buffer\.__buffer__ is not present at runtime",  # before Python 3.12
        r"Reason\.__new__ is inconsistent",  # enum's
        # a Literal of several words, which mypy takes for a Union of them
        r"_storage\.Access is not a Union",
    ]
    found = [
        line
        for line in done.stdout.splitlines()
        if line and not any(re.search(known, line) for known in of_the_binder)
    ]
    assert found == [] and done.stderr == ""
    assert "metaclass differs" in done.stdout, "the stub was looked at"


def test_mypy_strict_is_content_with_package_and_examples() -> None:
    pytest.importorskip("mypy")
    run("mypy", "--strict", "--config-file", "pyproject.toml", "-p", "ticketcore")
    run("mypy", "--strict", "--config-file", "pyproject.toml", *EXAMPLES)


PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
OLDEST = re.search(r'requires-python = ">=([\d.]+)"', PROJECT)[1]  # type: ignore[index]


def version_of(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def oldest_for_stubs() -> str:
    """NumPy's stubs are written for the Pythons that this NumPy runs on. What the package's own lines ask
    for, vermin sees."""
    numpy = re.search(r">=([\d.]+)", metadata.metadata("numpy")["Requires-Python"])
    return max(OLDEST, numpy[1] if numpy else OLDEST, key=version_of)


def test_pyright_is_content_with_package_and_examples() -> None:
    pytest.importorskip(
        "basedpyright"
    )  # pyright whole in its wheel: pyright's own fetches a program at its first run
    installed = Path(ticketcore.__file__).parent
    run(
        "basedpyright",
        "--pythonpath",
        sys.executable,
        "--pythonversion",
        oldest_for_stubs(),
        "--project",
        "bindings/python/tests/pyrightconfig.json",
        str(installed),
    )
    run("basedpyright", "--pythonpath", sys.executable, *EXAMPLES)


def test_the_package_asks_for_nothing_newer_than_its_oldest_python() -> None:
    pytest.importorskip("vermin")
    sources = sorted(str(path) for path in Path(ticketcore.__file__).parent.glob("*.py"))
    assert len(sources) >= 10
    command = [
        sys.executable,
        "-c",
        "import vermin; vermin.main()",
        f"--target={OLDEST}-",
        "--violations",
        "--no-tips",
        *sources,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def public_things() -> list[tuple[str, object]]:
    things: list[tuple[str, object]] = []
    for name in MODULES:
        module = importlib.import_module(name)
        things.append((name, module))
        for attribute, value in vars(module).items():
            if (
                attribute.startswith("_")
                or not (inspect.isclass(value) or inspect.isroutine(value))
                or not str(value.__module__).startswith("ticketcore")
            ):
                continue
            things.append((f"{name}.{attribute}", value))
            if inspect.isclass(value):
                things += [
                    (f"{name}.{attribute}.{member}", inner)
                    for member, inner in vars(value).items()
                    if not member.startswith("_")
                    and (inspect.isroutine(inner) or isinstance(inner, property))
                ]
    return things


def test_everything_public_has_a_docstring() -> None:
    inherited = {
        "take_turn", "read", "load_snapshot", "save_snapshot", "list_streams", "remove_stream",
        "wait_for_news", "vault_put", "vault_get", "vault_erase", "scrub_vault", "describe", "count", "index",
    }  # fmt: skip
    bare = [
        name
        for name, thing in public_things()
        if not inspect.getdoc(thing) and name.rsplit(".", 1)[-1] not in inherited
    ]
    assert bare == []
    assert len(public_things()) > 300


def test_help_shows_signatures_as_python_writes_them() -> None:
    assert str(inspect.signature(ticketcore.Event.hold)).startswith("(self, *places: 'str', areas: ")
    for name in ("Hold", "Order", "Ticket", "PriceList"):
        assert getattr(ticketcore, name).__module__ == "ticketcore"
    assert "currency is a code of ISO 4217" in (inspect.getdoc(ticketcore.PriceList.__init__) or "")
