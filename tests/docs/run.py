#!/usr/bin/env python3
"""Compiles and runs what stands in the documentation: run.py SOURCE_DIR BUILD_DIR COMPILER

A fenced cpp block with a main() is a program, and runs twice; README's is run by the install test as well.
The tutorial's last program is built once more as the tutorial says, with its CMakeLists.txt and an installed
ticketcore; the commands of the pages then look into its store. On the pages about PostgreSQL everything runs
in the order of the text on one server: fenced sql blocks by psql as its superuser, sh blocks by the shell,
cpp blocks as programs. $OWNER and $BOXOFFICE are there the URLs that the text calls so. Also checks that
links between pages lead somewhere, that what sources and tests say of a page is about one that exists, and
that the opera house fits its schema."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import jsonschema
import postgres_server
from blocks import fenced

source, build, compiler = (pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3])
docs = source / "docs"
house = source / "examples/venues/opera_house.json"
postgres_pages = [
    docs / "storage-postgres.md",
    docs / "projections.md",
    *sorted((docs / "operations").glob("*.md")),
]
failures = 0
programs = 0


def fail(text):
    global failures
    print(f"FAILED: {text}")
    failures += 1


def run(name, command, folder, environment=None):
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        fail(f"{name}: {command[0]}\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def compile_and_run(name, text, times, environment=None):
    global programs
    programs += 1
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "program.cpp").write_text(text)
        libraries = ["sqlite", "formats"] + (["postgres"] if environment else [])
        command = [
            compiler,
            "-std=c++20",
            "-Wall",
            "-Wextra",
            f"-I{source / 'include'}",
            f"-I{source / 'tests'}",
            f"{folder}/program.cpp",
            "-o",
            f"{folder}/program",
            *[str(build / f"libticketcore_{library}.a") for library in libraries],
            str(build / "libticketcore.a"),
            "-lsqlite3",
            "-lsodium",
            "-lboost_json",
            *(["-lpq"] if environment else []),
            "-pthread",
        ]
        if run(name, command, folder):
            all(run(name, [f"{folder}/program", str(house)], folder, environment) for _ in range(times))


def check_links(page, text):
    for link in re.findall(r"\]\(([^)#:]+\.(?:md|json|sql))\)", text):
        if not (page.parent / link).exists():
            fail(f"{page.name} links to {link}, which is not there")


def check_plain_page(page):
    for number, block in enumerate(re.findall(r"^```cpp\n(.*?)^```", page.read_text(), re.M | re.S)):
        if "int main(" in block or "DOCTEST_CONFIG_IMPLEMENT" in block:
            # Twice, as the tutorial says: the second run finds what the first one left.
            compile_and_run(f"{page.name}, program {number + 1}", block, 2)


def try_tutorial():
    """Follows it to the end, and looks into what it left with the commands of all pages: how many."""
    commands = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "CMakeLists.txt").write_text(fenced(docs / "tutorial.md", "cmake")[0])
        (folder / "main.cpp").write_text(fenced(docs / "tutorial.md", "cpp")[-1])
        steps = [
            ["cmake", "--install", str(build), "--prefix", str(folder / "prefix")],
            [
                "cmake",
                "-B",
                "build",
                f"-DCMAKE_CXX_COMPILER={compiler}",
                f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}",
            ],
            ["cmake", "--build", "build"],
            [str(folder / "build/theatre")],
        ]
        if not all(run("the tutorial's project", step, folder) for step in steps):
            return commands
        [store] = folder.glob("*.db")
        path = {"PATH": f"{folder / 'prefix/bin'}:{os.environ['PATH']}"}
        listed = subprocess.run(
            [folder / "prefix/bin/ticketcore", "events", store], capture_output=True, text=True, check=True
        ).stdout
        event = listed.splitlines()[1].split()[0]
        for page in [source / "README.md", *sorted(docs.glob("*.md"))]:
            # What looks into a store; "archive" and its like are run by the test of the command.
            for line in re.findall(
                r"^(?: {4})?(ticketcore (?:events|log|check|manifest|seating) .*)$", page.read_text(), re.M
            ):
                command = re.split(r" {2,}", line)[0].replace("[", "").replace("]", "")
                for word, value in (
                    (r"\b(FILE|STORE|boxoffice\.db|theatre\.db)\b", shlex.quote(str(store))),
                    (r"\bID\b|\bgala-2027\b", event),
                    (r"\b(R|REVISION|FACTS)$", "1"),
                ):
                    command = re.sub(word, value, command)
                commands += 1
                run(page.name, ["bash", "-euo", "pipefail", "-c", command], folder, path)
    return commands


def check_postgres_page(page, server, folder):
    global programs
    environment = {
        "OWNER": server.url("boxoffice_owner", "boxoffice"),
        "BOXOFFICE": server.url("boxoffice", "boxoffice"),
        "PATH": f"{build}:{postgres_server.binaries()}:{os.environ['PATH']}",
    }
    for number, (language, block) in enumerate(
        re.findall(r"^```(sql|sh|cpp)\n(.*?)^```", page.read_text(), re.M | re.S)
    ):
        name = f"{page.name}, block {number + 1} ({language})"
        if language == "cpp":
            if "int main(" in block:
                compile_and_run(name, block, 2, environment)
            continue
        programs += 1
        if language == "sh":
            run(name, ["bash", "-euo", "pipefail", "-c", block], folder, environment)
            continue
        # As written, in a session of its own, in the page's database once there is one. A question must have
        # an answer.
        done = server.sql(block, "postgres" if "CREATE DATABASE" in block else "boxoffice")
        if done.returncode != 0 or (block.lstrip().startswith("SELECT") and not done.stdout.strip()):
            fail(f"{name}\n{block}{done.stdout}{done.stderr}")


for page in [source / "README.md", *sorted(docs.rglob("*.md"))]:
    check_links(page, page.read_text())
for page in [source / "README.md", *sorted(docs.glob("*.md"))]:
    if page not in postgres_pages:
        check_plain_page(page)

with_postgres = (build / "libticketcore_postgres.a").exists() and postgres_server.binaries() is not None
if with_postgres:
    with postgres_server.PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
        for page in postgres_pages:
            check_postgres_page(page, server, folder)
else:
    print("the pages about PostgreSQL were not tried: its server is not installed")

commands = try_tutorial()
if commands < 5:
    fail(f"only {commands} commands were found in the documentation")

for place in ("include", "src", "tests"):
    for file in (source / place).rglob("*.[ch]pp"):
        for mentioned in re.findall(r"\bdocs/[\w/-]+\.(?:md|sql)", file.read_text(errors="replace")):
            if not (source / mentioned).exists():
                fail(f"{file.relative_to(source)} speaks of {mentioned}, which is not there")

schema = docs / "seat-map.schema.json"
jsonschema.Draft202012Validator.check_schema(json.loads(schema.read_text()))
jsonschema.validate(json.loads(house.read_text()), json.loads(schema.read_text()))

print(
    f"{programs} programs and scripts and the tutorial's project run, {commands} commands tried, {failures}"
    " failures"
)
sys.exit(1 if failures or programs < (20 if with_postgres else 4) else 0)
