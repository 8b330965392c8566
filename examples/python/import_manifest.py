"""Makes a seat map of a flat list of places, as venues keep it in a spreadsheet: python import_manifest.py
MANIFEST.csv SEATMAP.json

The list has a line for each seat with the columns section, row, seat, price_level and wheelchair, in the
order in which people sit. Needs pandas.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import ticketcore

COLORS = ["#1B5E8C", "#D98E04", "#3E8E5A", "#B5446E", "#7A6C9D"]


def seat_map_of(manifest: pd.DataFrame, name: str) -> ticketcore.SeatMap:
    """Rows stand behind each other, a unit apart, sections beside each other."""
    builder = ticketcore.SeatMapBuilder(name, focal_point=(0, -5))
    for number, level in enumerate(manifest["price_level"].unique()):
        builder.category(str(level), color=COLORS[number % len(COLORS)])
    left = 0.0
    for section, its_seats in manifest.groupby("section", sort=False):
        builder.section(str(section))
        for depth, (row, seats) in enumerate(its_seats.groupby("row", sort=False)):
            builder.row(str(row), section=str(section))
            for position, seat in enumerate(seats.itertuples(index=False)):
                builder.seat(
                    str(seat.seat),
                    at=(left + position * 0.5, float(depth)),
                    category=str(seat.price_level),
                    accessible=bool(seat.wheelchair),
                )
        left += its_seats.groupby("row").size().max() * 0.5 + 2
    return builder.build()


def main(manifest: Path, chart: Path) -> None:
    seat_map = seat_map_of(pd.read_csv(manifest, dtype={"seat": str, "row": str}), name=manifest.stem)
    seat_map.save(chart)
    print(seat_map)
    print(seat_map.to_pandas().groupby(["section", "category"], observed=True).size().to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
