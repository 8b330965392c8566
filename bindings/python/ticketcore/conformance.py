"""The suite that every storage must pass, for storages written in Python.

>>> import ticketcore, ticketcore.conformance
>>> class Handle(ticketcore.MemoryStorage):
...     "A handle on a store that lives on when the handle is closed, as a file does."
...     def close(self): pass
>>> stores = []
>>> def new_store(): stores[:] = [Handle()]
>>> report = ticketcore.conformance.check_storage(lambda: stores[0], new_store)
>>> report.passed
True
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from ticketcore import _conformance
from ticketcore._storage import Storage


class Report(NamedTuple):
    """What the suite found."""

    passed: bool
    """Whether every check passed."""
    text: str
    """What the suite says: each check that failed, with what came and what would be right."""


def check_storage(open: Callable[[], Storage], reset: Callable[[], object]) -> Report:
    """Check each promise that ticketcore.Storage makes.

    open() opens the same store each time it is called, also while it is open already. reset() makes it empty;
    it is called before each of some thirty checks. The suite is that of the core, in C++, and takes turns
    from eight threads at once. It can't pull the plug: test that yourself.
    """
    return Report(*_conformance.run(open, reset))
