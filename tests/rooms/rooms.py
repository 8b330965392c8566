#!/usr/bin/env python3
"""The rooms of the source and who may include whom: rooms.py [SOURCE_DIR].

A file includes only what stands in its own room or in one named before it in ROOMS, and the public part
includes nothing of src/. What users of the library build on (examples/, bindings/) includes what is public,
and nothing of detail/."""

import pathlib
import re
import sys

ROOMS = [
    "base",
    "venue",
    "pricing",
    "tickets",
    "sale",
    "storage",
    "log",
    "engine",
    "projections",
    "formats",
    "cli",
]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def included(file: pathlib.Path) -> list[str]:
    return INCLUDE.findall(file.read_text(encoding="utf-8"))


def room_of(path: str) -> str | None:
    """The room that a path names, seen from include/ticketcore or src."""
    first = path.split("/")[0]
    return first if "/" in path and first in ROOMS else None


def faults(source: pathlib.Path) -> list[str]:
    public, private = source / "include/ticketcore", source / "src"
    found = []
    for top in (public, private):
        for file in sorted(top.rglob("*.[hc]pp")):
            here = room_of(str(file.relative_to(top)))
            name = file.relative_to(source)
            if here is None:
                if file != public / "ticketcore.hpp":
                    found.append(f"{name} stands in no room")
                continue
            for wanted in included(file):
                there = wanted.removeprefix("ticketcore/")
                is_public = there != wanted
                if not is_public and "/" not in wanted and not (file.parent / wanted).exists():
                    continue  # the system's
                if not is_public and top == public:
                    if not wanted.startswith("boost/container/") and "/" in wanted:
                        found.append(f"{name} includes {wanted}, which is not public")
                    continue
                room = room_of(there) or here
                if is_public and room_of(there) is None:
                    found.append(f"{name} includes {wanted}, which stands in no room")
                elif ROOMS.index(room) > ROOMS.index(here):
                    found.append(f"{name} includes {wanted}: {here} stands below {room}")
    for top in ("examples", "bindings"):
        for file in sorted((source / top).rglob("*.[hc]pp")):
            own = {source / top, *file.parents}
            for wanted in included(file):
                if (private / wanted).exists() and not any((folder / wanted).exists() for folder in own):
                    found.append(f"{file.relative_to(source)} includes {wanted} of src/")
                if wanted.startswith("ticketcore/") and "/detail/" in wanted:
                    found.append(f"{file.relative_to(source)} includes {wanted}, which is not for users")
    return found


def main() -> None:
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = faults(source)
    print("\n".join(found) or "rooms: every include runs downward")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
