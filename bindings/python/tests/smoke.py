"""What an installed package must do on a machine that has nothing else: python smoke.py [FOLDER]

Needs the standard library only. Sells in a SQLite file, lets a ticket in by its code, proves the books, and
asks for a PostgreSQL that is not there; sells in the one that TICKETCORE_SMOKE_POSTGRES names, if it is set.
With FOLDER every shared library that this took must lie there, unless the interpreter has it or every Linux
does."""

# The interpreter's modules that need libraries of the machine come first: those libraries are not the
# package's.
from __future__ import annotations

import decimal  # noqa: F401
import hashlib  # noqa: F401
import os
import re
import sys
import tempfile
import uuid  # noqa: F401
from datetime import datetime, timezone
from pathlib import Path


def loaded_libraries() -> set[str]:
    return {
        line.split(maxsplit=5)[-1]  # a path may have spaces
        for line in Path("/proc/self/maps").read_text().splitlines()
        if re.search(r"\.so[.\d]*$", line)
    }


OF_THE_INTERPRETER = loaded_libraries()
# glibc's and GCC's, which a manylinux wheel may expect of its machine.
EVERYWHERE = re.compile(
    r"(ld-linux.*|libc|libm|libdl|librt|libpthread|libutil|libresolv|libnss_\w+|libnsl|libgcc_s|"
    r"libstdc\+\+|libz)\.so[\d.]*"
)

import ticketcore  # noqa: E402
import ticketcore._conformance  # noqa: E402


def sell(url: str) -> None:
    builder = ticketcore.SeatMapBuilder("Smoke", focal_point=(0, 0))
    builder.category("all")
    builder.row("A", 4, category="all", start=(0, 1))
    with tempfile.TemporaryDirectory() as folder:
        builder.build().save(Path(folder) / "chart.json")
        house = ticketcore.SeatMap.load(Path(folder) / "chart.json")
        with ticketcore.open(url, signing_key=Path(folder) / "gate.key") as office:
            name = f"smoke-{ticketcore.new_request_id()}"
            event = office.create_event(
                name,
                seat_map=house,
                prices=ticketcore.PriceList("EUR", {"all": {"adult": "12.50"}}),
                starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc),
            )
            hold = event.hold("A-1", "A-2", holder="smoke")
            order = event.check_out(hold, amount=event.quote(hold, {"adult": 2}).total, method="cash")
            assert event.check_in(order.tickets[1].code, gate="north").place == "A-2"
            assert "<svg" in order.tickets[0].svg()
            try:
                event.hold("A-1", holder="late")
            except ticketcore.PlaceTaken:
                pass
            else:
                raise AssertionError("a sold seat was held")
            assert event.audit().ok
        with ticketcore.open(url) as office:
            assert office.event(name).availability().counts.sold == 2


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sell(f"sqlite:///{folder}/box.db")
    try:
        ticketcore.open("postgresql://nobody@127.0.0.1:1/nothing")
    except ticketcore.StorageUnavailable as error:
        print(f"without a PostgreSQL: {error}")
    else:
        raise AssertionError("a PostgreSQL on port 1?")
    if "TICKETCORE_SMOKE_POSTGRES" in os.environ:
        sell(os.environ["TICKETCORE_SMOKE_POSTGRES"])

    taken = sorted(loaded_libraries() - OF_THE_INTERPRETER)
    if len(sys.argv) > 1:
        folder = str(Path(sys.argv[1]).resolve()) + "/"
        strangers = [
            path
            for path in taken
            if not path.startswith(folder)
            and "/lib-dynload/" not in path
            and not EVERYWHERE.fullmatch(Path(path).name)
        ]
        assert not strangers, f"taken from outside of {folder}: {strangers}"
        print(
            f"took {sum(path.startswith(folder) for path in taken)} libraries of its own, and none of the"
            " machine's that not every Linux has"
        )
    print(f"ticketcore {ticketcore.__version__} sold and proved it on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
