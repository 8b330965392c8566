#!/usr/bin/env python3
"""Counts the instructions of a program for one size and for four times that: growth.py PROGRAM SIZE

Work that grows with the size costs four times as much, some logarithms on top; work that grows with its
square sixteen times as much. Instructions are counted by valgrind's callgrind, so that neither the machine
nor its load changes the answer."""

import re
import subprocess
import sys


def instructions(program, size):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(size)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


program, size = sys.argv[1], int(sys.argv[2])
nothing = instructions(program, 1)
small, large = (instructions(program, times * size) - nothing for times in (1, 4))
print(f"{small:,} instructions for {size}, {large:,} for {4 * size}: {large / small:.2f} times as many")
sys.exit(0 if large < 4.4 * small else 1)
