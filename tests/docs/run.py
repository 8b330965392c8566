#!/usr/bin/env python3
"""Compiles and runs every C++ program in the documentation: run.py SOURCE_DIR BUILD_DIR COMPILER

A fenced cpp block with a main() is a program; README's is run by the install test as well. Also checks that links between pages
lead somewhere, and that the opera house fits its schema."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

source, build, compiler = (pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3])
house = source / "examples/venues/opera_house.json"
failures = 0
programs = 0

for page in [source / "README.md", *sorted((source / "docs").glob("*.md"))]:
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#:]+\.(?:md|json))\)", text):
        if not (page.parent / link).exists():
            print(f"FAILED: {page.name} links to {link}, which is not there")
            failures += 1
    for number, block in enumerate(re.findall(r"^```cpp\n(.*?)^```", text, re.M | re.S)):
        if "int main(" not in block and "DOCTEST_CONFIG_IMPLEMENT" not in block:
            continue
        programs += 1
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "program.cpp"
            program.write_text(block)
            command = [compiler, "-std=c++20", "-Wall", "-Wextra", f"-I{source / 'include'}", f"-I{source / 'tests'}", str(program), "-o", f"{folder}/program",
                       *[str(build / f"libticketcore_{name}.a") for name in ("sqlite", "formats")], str(build / "libticketcore.a"),
                       "-lsqlite3", "-lsodium", "-lboost_json", "-pthread"]
            steps = [command, [f"{folder}/program", str(house)], [f"{folder}/program", str(house)]]
            # A program that creates its event runs once; the others twice, as the tutorial says.
            if page.name == "README.md":
                steps.pop()
            for step in steps:
                done = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=300)
                if done.returncode != 0:
                    print(f"FAILED: {page.name}, program {number + 1}: {' '.join(step[:1])}\n{done.stdout}{done.stderr}")
                    failures += 1
                    break

schema = source / "docs/seat-map.schema.json"
import jsonschema
jsonschema.Draft202012Validator.check_schema(json.loads(schema.read_text()))
jsonschema.validate(json.loads(house.read_text()), json.loads(schema.read_text()))

print(f"{programs} programs compiled and run, {failures} failures")
sys.exit(1 if failures or programs < 4 else 0)
