"""The code blocks of a page of the documentation, for whoever runs them."""

import pathlib
import re


def blocks(page: pathlib.Path) -> list[tuple[str, str]]:
    """All fenced blocks in the order of the text: (language, code)."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def fenced(page: pathlib.Path, language: str) -> list[str]:
    return [code for kind, code in blocks(page) if kind == language]
