"""python -m ticketcore says what the C++ command says, word for word."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import ROOT

import ticketcore
from ticketcore._command import main


def python_command(folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ticketcore", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    status, output, errors = python_command(folder, "demo")
    assert status == 0, output + errors
    assert (
        "nothing was ever sold twice" in output
        and "tickets verify with the public key" in output
        and "WRONG" not in output
    )
    return folder


def test_the_demo_sells_out_a_house_and_leaves_pictures(sold: Path) -> None:
    pictures = sorted((sold / "out").glob("*.svg"))
    assert (sold / "out" / "seatmap.svg") in pictures and len(pictures) > 1
    for picture in pictures:
        ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    with ticketcore.open(sold / "out" / "demo.db", read_only=True) as office:
        counts = office.event("gala-2027").availability().counts
        assert counts.free == counts.held == 0


def test_the_demo_sells_any_chart(tmp_path: Path) -> None:
    status, output, errors = python_command(
        tmp_path, "demo", str(ROOT / "examples" / "venues" / "opera_house.json"), "--folder", "pictures"
    )
    assert status == 0, output + errors
    assert "Opera House: 1278 places, 1 standing areas, 1358 in all" in output
    assert (tmp_path / "pictures" / "seatmap.svg").exists()


def cpp_command() -> str:
    command = os.environ.get("TICKETCORE_COMMAND") or str(ROOT / "build" / "release" / "ticketcore")
    if not Path(command).exists():
        pytest.skip("the C++ command is not built here")
    return command


@pytest.mark.parametrize(
    "words",
    [
        ["events", "out/demo.db"],
        ["events", "sqlite:///out/demo.db"],
        ["log", "out/demo.db"],
        ["log", "out/demo.db", "--event", "gala-2027", "--from", "20", "--limit", "30"],
        ["check", "out/demo.db"],
        ["check", "out/demo.db", "--event", "gala-2027"],
        ["manifest", "out/demo.db", "--event", "gala-2027"],
        ["seating", "out/demo.db", "--event", "gala-2027"],
    ],
    ids=" ".join,
)
def test_it_says_what_the_cpp_command_says(sold: Path, words: list[str]) -> None:
    theirs = subprocess.run([cpp_command(), *words], capture_output=True, cwd=sold, check=True).stdout
    ours = subprocess.run(
        [sys.executable, "-m", "ticketcore", *words], capture_output=True, cwd=sold, check=True
    ).stdout
    assert ours.decode() == theirs.decode()


def test_archive_restore_project_and_erase(
    sold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "box.db"
    shutil.copy(sold / "out" / "demo.db", file)
    archive = tmp_path / "gala.archive"
    assert main(["archive", str(file), str(archive), "--event", "gala-2027", "--remove"]) == 0
    assert main(["check", str(archive)]) == 0
    assert main(["events", str(file)]) == 0
    assert main(["restore", f"sqlite:///{file}", str(archive)]) == 0
    assert main(["restore", str(file), str(archive)]) == 3
    assert main(["project", str(file)]) == 0
    with ticketcore.SqliteStorage(file) as storage:
        storage.vault_put(b"person-1", b'{"name": "Olha Kovalenko"}')
        storage.vault_put(b"person-2", b"gala-2027")
    assert main(["erase", str(file), "person-1"]) == 0
    assert main(["erase", str(file), "person-1"]) == 0
    assert main(["erase", str(file), "person-2"]) == 1
    said = capsys.readouterr()
    for words in (
        "replays to the same state", "taken out of", "nothing is wrong", "entries are back",
        "new entries projected", "no trace is left", "the vault has no record of person-1",
        "TRACE in entry 1 of event/gala-2027",
    ):  # fmt: skip
        assert words in said.out
    assert "nothing was put over it" in said.err


def test_one_damaged_event_does_not_hide_the_others(sold: Path, tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    shutil.copy(sold / "out" / "demo.db", file)
    with ticketcore.open(file) as office:
        house = office.event("gala-2027")
        office.create_event(
            "zarzuela", seat_map=house.seat_map, prices=house.prices, starts_at=house.starts_at
        )
    with contextlib.closing(sqlite3.connect(file)) as rows, rows:
        rows.execute("delete from snapshots")
        rows.execute("update entries set bytes = zeroblob(50) where key & 1099511627775 = 20")
    status, output, errors = python_command(tmp_path, "events", "box.db")
    assert status == 1
    assert "gala-2027 can't be shown: entry 20 of event/gala-2027 is damaged" in errors
    assert "zarzuela" in output


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "required: COMMAND"),
        (["sell", "x.db"], 2, "invalid choice: 'sell'"),
        (
            ["check", "out/demo.db", "--event", "x"],
            2,
            'there is no event "x" in out/demo.db; there are: gala-2027',
        ),
        (["log", "out/demo.db", "--from", "one"], 2, 'takes a whole number, not "one"'),
        (["check", "none.db"], 3, "none.db"),
        (["events", "sqlite://demo.db"], 3, "a SQLite URL has three slashes"),
        (["manifest", "out/demo.db"], 2, "--event"),
        (["seating", "out/demo.db"], 2, "--event"),
        (["project", "out/demo.db", "--rebuild", "--follow"], 2, "do not go together"),
        (["demo", "none.json"], 3, "none.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told(sold: Path, words: list[str], status: int, message: str) -> None:
    ended, output, errors = python_command(sold, *words)
    assert ended == status, output + errors
    assert message in errors
    assert "Traceback" not in errors


def test_help_is_for_newcomers(tmp_path: Path) -> None:
    status, output, _ = python_command(tmp_path, "--help")
    assert status == 0
    for words in ("demo", "sell out a house", "examples:", "exit status:"):
        assert words in output
    status, output, _ = python_command(tmp_path, "archive", "--help")
    assert "prove that it replays to the same state" in " ".join(output.split())
    assert python_command(tmp_path, "--version")[1] == f"ticketcore {ticketcore.__version__}\n"


def test_a_manifest_is_csv(sold: Path) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(
                python_command(sold, "manifest", "out/demo.db", "--event", "gala-2027")[1], newline=""
            )
        )
    )
    assert rows[0]["status"] == "sold" and rows[0]["ticket"]
    assert rows[-1]["kind"] == "area"
