"""A feed of changes in availability, for pages and programs that follow a sale."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Optional

from ticketcore import _core
from ticketcore._tables import Counts

if TYPE_CHECKING:
    from ticketcore._event import Event

ONE_SECOND = timedelta(seconds=1)
"""Holds end at whole seconds, with no commit to wait for."""


@dataclasses.dataclass(frozen=True)
class Changes:
    """What has changed since a position, each place and area as it is now."""

    position: str
    """What to go on from: it means the same in every process and on every host."""
    whole: bool
    """Everything, and not only what has changed: forget what you knew, the seat map too."""
    on_sale: bool
    """Whether new holds are granted."""
    places: Mapping[str, str]
    """'free', 'held', 'sold' or 'killed', by label. Some may be as they are known already."""
    areas: Mapping[str, Counts]
    """How standing areas sell, by label."""

    def __bool__(self) -> bool:
        """Whether they say anything of places and areas."""
        return self.whole or bool(self.places) or bool(self.areas)


class ChangeFeed:
    """Remembers the last changes of an event for readers of any number.

    A reader who was cut off goes on where it was; where that can't be told without a gap it gets the whole
    availability anew. Keep one for each event, as long as there are readers: what changed before it was made
    it can't tell. May be used from any thread.
    """

    def __init__(self, event: Event) -> None:
        self._core = _core.ChangeFeed(event._core)

    def show(self) -> bool:
        """Look at the event as of its last turn or refresh. True if anything changed since the last look."""
        return self._core.show()

    def wait(self, timeout: timedelta) -> bool:
        """Wait until something is committed that the feed has not seen, or until timeout has passed, then
        look. True if anything changed."""
        return self._core.wait(timeout)

    def since(self, position: Optional[str] = None) -> Changes:
        """What has changed since the position, up to the last look. The whole availability without one, or
        for one that is not known."""
        at, whole, on_sale, places, areas = self._core.since(position)
        return Changes(
            at, whole, on_sale, places, {label: Counts(*counts) for label, counts in areas.items()}
        )

    def follow(
        self, position: Optional[str] = None, *, timeout: Optional[timedelta] = None
    ) -> Iterator[Changes]:
        """What was missed since the position, which may be nothing, then each change as it comes. Ends when
        there was none for timeout; without one, never."""
        self.wait(timedelta(0))
        changes = self.since(position)
        last_at = time.monotonic()
        while True:
            yield changes
            while True:
                left = (
                    ONE_SECOND if timeout is None else timeout - timedelta(seconds=time.monotonic() - last_at)
                )
                if left <= timedelta(0):
                    return
                self.wait(min(left, ONE_SECOND))
                later = self.since(changes.position)
                if later or later.on_sale != changes.on_sale:
                    break
                changes = later
            changes, last_at = later, time.monotonic()
