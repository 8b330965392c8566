"""Seat maps."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union, overload

from ticketcore import _core
from ticketcore._core import Area, Category, Place

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Point = tuple[float, float]


class _Places(Sequence[Place]):
    """The places of a map, made when they are looked at."""

    def __init__(self, seat_map: _core.SeatMap) -> None:
        self._map = seat_map

    def __len__(self) -> int:
        return self._map.place_count

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Place]: ...
    def __getitem__(self, index: int | slice) -> Place | Sequence[Place]:
        if isinstance(index, slice):
            return tuple(self._map.place(at) for at in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"place {index} of {len(self)}")
        return self._map.place(index % len(self))

    def __repr__(self) -> str:
        return f"<{len(self)} places>"


class SeatMap:
    """The chart of a venue: immutable, and shared freely between threads and events.

    Load one from a file (``SeatMap.load``), read it from text (``SeatMap.parse``), or put it together
    (``SeatMapBuilder``). A place is known by its whole
    label: section, row and seat joined by "-". ``seat_map["Stalls-C-11"]`` looks one up; iterating goes
    through all places.
    """

    def __init__(self, core: _core.SeatMap) -> None:
        if not isinstance(core, _core.SeatMap):
            raise TypeError("a SeatMap comes from SeatMap.load, SeatMap.parse or SeatMapBuilder")
        self._core = core

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> SeatMap:
        """Read a chart file: ticketcore's own JSON, or that of seats.io. Raises SeatMapError that lists every
        problem with its place in the file."""
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path must be a str or a path, not {path!r} ({type(path).__name__})")
        return cls(_core.SeatMap.load(path))

    @classmethod
    def parse(cls, text: str) -> SeatMap:
        """The same from text."""
        return cls(_core.SeatMap.parse(text))

    def to_json(self) -> str:
        """The map in ticketcore's own format, every seat by itself."""
        return self._core.to_json()

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Write to_json() to a file."""
        pathlib.Path(path).write_text(self.to_json(), encoding="utf-8")

    def svg(self, *, title: str = "", width: int = 1200) -> str:
        """The map as a picture, all places free: an SVG document. Event.availability().svg() shows what is
        sold."""
        return self._core.svg(title, width)

    def _repr_svg_(self) -> str:
        return self.svg()

    @property
    def name(self) -> str:
        """What the venue or the chart is called."""
        return self._core.name

    @property
    def capacity(self) -> int:
        """Places plus the capacities of all areas."""
        return self._core.capacity

    @property
    def focal_point(self) -> Point | None:
        """What everybody came to look at."""
        return self._core.focal_point

    @property
    def categories(self) -> tuple[Category, ...]:
        """Price levels, in the chart's order."""
        return self._core.categories

    @property
    def sections(self) -> tuple[str, ...]:
        """Labels of the sections that have one."""
        return self._core.sections

    @property
    def places(self) -> Sequence[Place]:
        """Seats, and tables and booths that are sold as one, in the order of their indices."""
        return _Places(self._core)

    @property
    def areas(self) -> tuple[Area, ...]:
        """Standing areas."""
        return self._core.areas

    def __len__(self) -> int:
        return self._core.place_count

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def __getitem__(self, label: str) -> Place | Area:
        """The place or area with this whole label. Raises KeyError."""
        found = self._core.find(label)
        if found is None:
            raise KeyError(label)
        return found

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and self._core.find(label) is not None

    def __repr__(self) -> str:
        return f"<SeatMap {self.name!r}: {len(self)} places, {len(self.areas)} areas, {self.capacity} in all>"

    def labels(self) -> tuple[str, ...]:
        """Whole labels of all places, by index."""
        return self._core.place_labels()

    def to_numpy(self) -> npt.NDArray[np.void]:
        """The places as a structured array over the map's own memory: read-only, without a copy.

        Fields: x and y (thousandths of the chart's unit), seat (an index of the seat's own label), row, slot,
        seats, category (an index of categories), kind (0 seat, 1 table, 2 booth) and flags (1 accessible, 2
        companion, 4 restricted view).
        """
        import numpy

        size, position, label, row, slot, seats, category, kind, flags = _core.PLACE_LAYOUT
        dtype = numpy.dtype(
            {
                "names": ["x", "y", "seat", "row", "slot", "seats", "category", "kind", "flags"],
                "formats": ["i4", "i4", "u4", "u4", "u2", "u2", "u2", "u1", "u1"],
                "offsets": [position, position + 4, label, row, slot, seats, category, kind, flags],
                "itemsize": size,
            }
        )
        array: npt.NDArray[np.void] = numpy.frombuffer(memoryview(self._core.places_buffer()), dtype=dtype)
        return array

    def to_pandas(self) -> pd.DataFrame:
        """The places as a data frame with their labels as its index. Needs pandas."""
        import numpy
        import pandas

        places = self.to_numpy()
        row_labels, row_sections = self._core.rows()
        sections = numpy.asarray(self._core.all_sections(), dtype=object)
        row = places["row"]
        columns: dict[str, Any] = {
            "section": sections[numpy.frombuffer(memoryview(row_sections), dtype="u4")[row]],
            "row": numpy.asarray(row_labels, dtype=object)[row],
            "seat": numpy.asarray(self._core.seat_labels(), dtype=object)[places["seat"]],
            "kind": numpy.asarray(["seat", "table", "booth"], dtype=object)[places["kind"]],
            "category": pandas.Categorical.from_codes(
                places["category"].astype("i4"),
                categories=pandas.Index([category.key for category in self.categories]),
            ),
            "x": places["x"] / 1000,
            "y": places["y"] / 1000,
            "seats": places["seats"],
            "accessible": (places["flags"] & 1) != 0,
            "companion": (places["flags"] & 2) != 0,
            "restricted_view": (places["flags"] & 4) != 0,
        }
        return pandas.DataFrame(columns, index=pandas.Index(self.labels(), name="label"))


def core_map(seat_map: SeatMap) -> _core.SeatMap:
    """What the core knows the map by."""
    if not isinstance(seat_map, SeatMap):
        raise TypeError(
            f"seat_map must be a SeatMap, not {seat_map!r} ({type(seat_map).__name__}); SeatMap.load reads a"
            " file"
        )
    return seat_map._core


class SeatMapBuilder:
    """Puts a seat map together, row by row.

    >>> builder = SeatMapBuilder("Little Theatre", focal_point=(2, 0))
    >>> builder.category("parquet", name="Parquet", color="#1F77B4")
    >>> builder.section("Hall")
    >>> builder.row("A", 8, section="Hall", category="parquet", start=(0, 2), step=(0.5, 0),
    ...             aisle_before=["5"])
    >>> builder.area("Standing", section="Hall", category="parquet", capacity=30, center=(2, 5))
    >>> builder.build()
    <SeatMap 'Little Theatre': 8 places, 1 areas, 38 in all>

    Coordinates are in a unit of your choice, x to the right and y down. Two seats adjoin when they follow
    each other in their row without a gap; printed labels say nothing about that. Mistakes in a chart (a label
    twice, a price level that is missing) come as one SeatMapError from build(), which lists them all.
    """

    def __init__(self, name: str, *, focal_point: Point | None = None) -> None:
        """name is the venue's or the chart's. focal_point is what everybody comes to look at: best available
        goes by it."""
        self._core = _core.SeatMapBuilder(name)
        if focal_point is not None:
            self._core.focal_point(focal_point)

    def category(self, key: str, *, name: str = "", color: str = "#1F77B4") -> None:
        """Add a price level. key is what price lists call it, name what people read (the key if empty)."""
        self._core.category(key, name or key, color)

    def section(self, label: str, *, entrance: str = "") -> None:
        """Add a section."""
        self._core.section(label, entrance)

    def row(
        self,
        label: str,
        seats: int | Iterable[str] = (),
        *,
        section: str = "",
        category: str = "",
        start: Point = (0, 0),
        step: Point = (0.5, 0),
        aisle_before: Iterable[str] = (),
        accessible: Iterable[str] = (),
        companion: Iterable[str] = (),
        restricted_view: Iterable[str] = (),
        table: bool = False,
    ) -> None:
        """Start a row, and seat it.

        seats is a number (labels from "1" on) or the labels. The first stands at start, each next one step
        further, and two steps further where it is named in aisle_before. Seats added later with seat() stand
        in this row, too. table=True makes it a table whose chairs are sold singly.
        """
        self._core.row(label, section, table)
        if isinstance(seats, str):
            raise TypeError(f"seats must be a number or a sequence of labels, not {seats!r} (str)")
        labels = [str(number) for number in range(1, seats + 1)] if isinstance(seats, int) else list(seats)
        special = {
            name: _known(name, given, labels)
            for name, given in _named(aisle_before, accessible, companion, restricted_view)
        }
        x, y = start
        for seat in labels:
            gap = 1 if seat in special["aisle_before"] else 0
            x, y = x + gap * step[0], y + gap * step[1]
            self._core.seat(
                seat,
                x,
                y,
                category,
                seat in special["accessible"],
                seat in special["companion"],
                seat in special["restricted_view"],
                gap,
            )
            x, y = x + step[0], y + step[1]

    def seat(
        self,
        label: str,
        *,
        at: Point,
        category: str,
        accessible: bool = False,
        companion: bool = False,
        restricted_view: bool = False,
        gap_before: int = 0,
    ) -> None:
        """Add a seat to the row begun last. gap_before counts empty positions between it and the seat before
        it: 1 for a narrow aisle."""
        x, y = _point(at, "at")
        self._core.seat(label, x, y, category, accessible, companion, restricted_view, gap_before)

    def table(
        self, label: str, *, seats: int, at: Point, category: str, section: str = "", accessible: bool = False
    ) -> None:
        """Add a table that is sold as one, with this many chairs."""
        x, y = _point(at, "at")
        self._core.whole(label, section, False, seats, x, y, category, accessible)

    def booth(
        self,
        label: str,
        *,
        seats: int = 1,
        at: Point,
        category: str,
        section: str = "",
        accessible: bool = False,
    ) -> None:
        """Add a booth."""
        x, y = _point(at, "at")
        self._core.whole(label, section, True, seats, x, y, category, accessible)

    def area(
        self,
        label: str,
        *,
        capacity: int,
        category: str,
        center: Point,
        section: str = "",
        outline: Iterable[Point] = (),
    ) -> None:
        """Add standing room for this many."""
        self._core.area(label, section, category, capacity, center, outline)

    def shape(
        self, kind: Literal["stage", "outline", "text"], *, label: str = "", outline: Iterable[Point]
    ) -> None:
        """Add something drawn for orientation. A text has one point: its middle."""
        self._core.shape(kind, label, outline)

    def build(self) -> SeatMap:
        """The finished map. Raises SeatMapError with every problem. The builder is empty afterwards."""
        return SeatMap(self._core.build())


def _point(point: Point, name: str) -> Point:
    try:
        x, y = point
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a pair (x, y) of numbers, not {point!r} ({type(point).__name__})"
        ) from None
    return x, y


def _named(
    aisle_before: Iterable[str],
    accessible: Iterable[str],
    companion: Iterable[str],
    restricted_view: Iterable[str],
) -> list[tuple[str, Iterable[str]]]:
    return [
        ("aisle_before", aisle_before),
        ("accessible", accessible),
        ("companion", companion),
        ("restricted_view", restricted_view),
    ]


def _known(name: str, given: Iterable[str], labels: list[str]) -> set[str]:
    """A label that no seat has would be a mistake that nobody sees."""
    if isinstance(given, str):
        raise TypeError(f"{name} must be a sequence of labels, not {given!r} (str)")
    wanted = set(given)
    if not wanted <= set(labels):
        raise ValueError(
            f"{name} names {', '.join(sorted(map(repr, wanted - set(labels))))}, which no seat of the row is"
            f" called; its seats are {', '.join(labels)}"
        )
    return wanted
