#!/usr/bin/env python3
"""Makes a wheel for machines that lack SQLite, libsodium, libpq and what these need: wheel.py WHEEL FOLDER

auditwheel copies the libraries into it; this puts their licences beside the package's own, as most of them
ask. Writes the wheel and replaced.txt, the paths of what was copied, into FOLDER. Refuses a library whose
licence it can't find, or, on Debian 12, that docs/python.md does not name."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The table in docs/python.md says what a wheel has that was built on Debian 12; elsewhere libpq needs other
# libraries.
TABLE_IS_OF_THIS_SYSTEM = platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm"
# What is compiled in, by a file of each.
COMPILED_IN = ["/usr/include/boost/version.hpp"]


def original(name: str) -> str:
    """libpq-d5f1ab0c.so.5.15 as it was called before auditwheel made the name its own."""
    return re.sub(r"-[0-9a-f]{8}(?=\.)", "", name, count=1)


def origin(pattern: str) -> tuple[str, Path]:
    """The source package of the file, and where it lies."""
    found = subprocess.run(
        ["dpkg-query", "--search", pattern], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    for line in found:
        package, _, path = line.partition(": ")
        if Path(path).name == Path(pattern).name:
            return package, Path(path)
    raise SystemExit(f"wheel.py: no package has {pattern}, so that its licence is not known")


def add_licence(folder: Path, package: str) -> None:
    """Under the name of the source package, with the texts that Debian keeps apart since many have them."""
    name = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${source:Package}\\n", package],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[0]
    text = Path("/usr/share/doc", package.partition(":")[0], "copyright").read_text(encoding="utf-8")
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    for common in set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])", text)):
        shutil.copy(f"/usr/share/common-licenses/{common}", folder / f"{common}.txt")


def add_licences(tree: Path) -> list[Path]:
    """To an unpacked wheel. The paths on this machine of the libraries in it."""
    documented = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    licences = next(tree.glob("*.dist-info")) / "licenses"
    replaced = []
    for library in sorted((tree / "ticketcore.libs").iterdir()):
        package, path = origin(f"*/{original(library.name)}")
        name = path.name.partition(".so")[0]
        if f"`{name}`" not in documented and TABLE_IS_OF_THIS_SYSTEM:
            raise SystemExit(f"wheel.py: docs/python.md does not name {name}, of {package}")
        add_licence(licences, package)
        replaced.append(path)
    for header in COMPILED_IN:
        add_licence(licences, origin(header)[0])
    shutil.copy(
        next(path.locate() for path in metadata.files("pybind11") or [] if path.name == "LICENSE"),
        licences / "pybind11.txt",
    )
    return replaced


def run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True)


def main() -> None:
    wheel, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        run("auditwheel", "repair", "--wheel-dir", work, str(wheel))
        run("wheel", "unpack", "--dest", work, str(next(Path(work).glob("*.whl"))))
        tree = next(path for path in Path(work).iterdir() if path.is_dir())
        replaced = add_licences(tree)
        run("wheel", "pack", "--dest-dir", str(folder), str(tree))
    (folder / "replaced.txt").write_text("".join(f"{path}\n" for path in replaced), encoding="utf-8")


if __name__ == "__main__":
    main()
