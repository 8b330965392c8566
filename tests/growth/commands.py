#!/usr/bin/env python3
"""What a command costs after many must be what it cost after few.

    commands.py PROGRAM granted|refused [MANY [CASE]]

PROGRAM is commands.cpp's. Instructions are counted by valgrind's callgrind in windows of about a hundred
commands, so that neither the machine nor its load changes the answer. The median window tells what a command
costs; all of them together, with more room, that no rare one costs a lot (a table that doubles is such a
one)."""

import collections
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

grows_by = 1.2
# A window more or less in which a table doubles, or a page of memory begins.
rarely_by = 2.0
# Bytes that a granted request is remembered with, up to a million of them; and what containers keep in hand.
remembered_bytes = 100
bounded_bytes = 2 << 20


def fields(line):
    return {key: int(value) for key, value in (field.split("=") for field in line.split("|") if "=" in field)}


def run(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        valgrind = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={folder}/out",
        ]
        done = subprocess.run([*valgrind, program, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-2000:] + done.stderr[-4000:])
        instructions = collections.defaultdict(list)
        for dump in sorted(pathlib.Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:])):
            text = dump.read_text()
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
            if name:
                instructions[name[1]].append(int(re.search(r"^totals: (\d+)", text, re.M)[1]))
    return done.stdout.splitlines(), instructions


def judge(case, keeps, windows, instructions, ends):
    """The faults of one case, and a line about it."""
    faults = []
    told = []
    allocations = {when: [window["allocations"] for window in windows[when]] for when in windows}
    for what, counted in {"instructions": instructions, "allocations": allocations}.items():
        each = {
            when: [
                count / window["commands"] for count, window in zip(counted[when], windows[when], strict=True)
            ]
            for when in windows
        }
        few, many = (statistics.median(each[when]) for when in ("few", "many"))
        told.append(f"{few:,.0f} -> {many:,.0f} {what}")
        # A tenth of an allocation is no growth.
        if many > grows_by * few + 0.1:
            faults.append(f"{what} a command: {few:,.1f} after few, {many:,.1f} after many")
        few, many = (statistics.mean(each[when]) for when in ("few", "many"))
        if many > rarely_by * few + 0.1:
            faults.append(
                f"{what} a command, rare costly ones counted: {few:,.1f} after few, {many:,.1f} after many"
            )
    commands = ends["many"]["commands"] - ends["few"]["commands"]
    for what in ("memory", "state", "snapshot"):
        grown = ends["many"][what] - ends["few"][what]
        told.append(f"{grown / 1024:,.0f} KB more {what}")
        if grown > bounded_bytes + (remembered_bytes + keeps) * commands:
            may = remembered_bytes + keeps
            faults.append(f"{what} grew by {grown:,} bytes in {commands:,} commands; {may} each may stay")
    return faults, f"{case}: {', '.join(told)}"


def main():
    lines, instructions = run(sys.argv[1], sys.argv[2:])
    keeps, ends = {}, collections.defaultdict(dict)
    windows = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in lines:
        case, when, *_ = line.split("|")
        if when.startswith("keeps="):
            keeps[case] = fields(line)["keeps"]
        elif line.split("|")[2] == "window":
            windows[case][when].append(fields(line))
        else:
            ends[case][when] = fields(line)
    failed = 0
    for case in keeps:
        counted = {when: instructions[f"{case}|{when}"] for when in ("few", "many")}
        faults, told = judge(case, keeps[case], windows[case], counted, ends[case])
        print(told, flush=True)
        for fault in faults:
            print(f"   GROWS: {fault}")
        failed += bool(faults)
    print(f"{len(keeps)} cases, {failed} of them grow")
    sys.exit(1 if failed or not keeps else 0)


main()
