"""The examples run as a user would run them."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import ROOT

import ticketcore

EXAMPLES = ROOT / "examples" / "python"


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_script_sells_and_goes_on_selling(tmp_path: Path) -> None:
    assert "Order 1:" in run(tmp_path, str(EXAMPLES / "sell.py"), "box.db")
    assert "Order 2:" in run(tmp_path, str(EXAMPLES / "sell.py"), "box.db")
    assert len(list(tmp_path.glob("box.db-*-*.svg"))) == 4
    with ticketcore.open(tmp_path / "box.db") as office:
        assert office.event("gala-2027").audit().ok


def test_a_spreadsheets_list_becomes_a_seat_map(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    said = run(tmp_path, str(EXAMPLES / "import_manifest.py"), str(EXAMPLES / "manifest.csv"), "chart.json")
    assert "11 places" in said
    house = ticketcore.SeatMap.load(tmp_path / "chart.json")
    assert house.sections == ("Parterre", "Balcony")
    place = house["Parterre-2-1"]
    assert isinstance(place, ticketcore.Place) and place.accessible and place.category == "gold"


def test_the_servers_api_sells_a_ticket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    monkeypatch.setenv("BOX_OFFICE", f"sqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setenv("GATE_KEY", str(tmp_path / "gate.key"))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that it stands on
        from fastapi.testclient import TestClient

        import server

        with TestClient(server.app) as client:
            event = "/events/gala-2027"
            assert client.get(event).json()["free"] == 1358
            held = client.post(
                f"{event}/holds", json={"holder": "cart-1", "places": ["Stalls-C-11", "Stalls-C-12"]}
            )
            assert held.status_code == 201, held.text
            hold = held.json()["id"]
            late = client.post(f"{event}/holds", json={"holder": "cart-2", "places": ["Stalls-C-11"]})
            assert (late.status_code, late.json()["reason"], late.json()["places"]) == (
                409,
                "place_taken",
                ["Stalls-C-11"],
            )
            quote = client.post(f"{event}/holds/{hold}/quote", json={"adult": 1, "child": 1}).json()
            order = client.post(
                f"{event}/holds/{hold}/order", json={"amount": quote["total"], "method": "card"}
            )
            assert order.status_code == 201, order.text
            assert all(code.startswith("TC1:") for code in order.json()["codes"])
            picture = client.get(f"{event}/orders/{order.json()['id']}/tickets/1.svg")
            ElementTree.fromstring(picture.text)
            assert client.get(f"{event}/map.svg").headers["content-type"] == "image/svg+xml"
            assert client.get("/events/none").status_code == 404
            assert client.delete(f"{event}/holds/{hold}").json()["reason"] == "hold_checked_out"
            wrong = client.post(f"{event}/holds/x/quote", json={"adult": 1})
            assert wrong.status_code == 422 and "hold is 'x'" in wrong.json()["message"]


def test_the_notebook_runs_and_shows_pictures(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook = nbformat.read(EXAMPLES / "sale.ipynb", as_version=4)
        nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}
        ).execute()
    shown = [
        output.data
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert sum("image/svg+xml" in data for data in shown) == 3
    assert sum("text/html" in data for data in shown) >= 3
