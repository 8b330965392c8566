from collections.abc import Callable

from ticketcore._storage import Storage

def run(open: Callable[[], Storage], reset: Callable[[], object]) -> tuple[bool, str]: ...
