#!/usr/bin/env python3
"""server: the sample server beside a bare Beast server that answers a fixed JSON. server_bench.py BUILD_DIR
[FIGURE...]

wrk, or the generator of the spike, has the first core, the server the second. Holds are of two seats, each on
the disk (SQLite, synchronous=FULL) before its answer."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import spike

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from figure import OUT, report  # noqa: E402

ROUNDS = 5
# A spike plays for a minute and a half.
SPIKES = 3
# Short enough that no house sells out.
SECONDS = 2
CONNECTIONS = 128
HOUSE = 250_000
BARE = "Beast, a fixed JSON"


def wanted(name):
    return len(sys.argv) == 2 or any(
        (wish + ".").startswith(name + ".") or (name + ".").startswith(wish + ".") for wish in sys.argv[2:]
    )


def wrk(port, path, *more):
    """Requests a second; every answer must be a success."""
    said = subprocess.run(
        [
            "taskset",
            "-c",
            "0",
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS}s",
            *more,
            f"http://127.0.0.1:{port}{path}",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if re.search(r"Non-2xx|Socket errors", said):
        raise RuntimeError(said)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said).group(1))


@contextlib.contextmanager
def bare(build, body_bytes):
    process = subprocess.Popen(
        ["taskset", "-c", "1", build / "tests/bench/ticketcore_bare_http", "0", str(body_bytes)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def ours(build, chart):
    with tempfile.TemporaryDirectory(prefix="ticketcore-server-bench-") as folder:
        server = spike.Server(build, f"sqlite:///{folder}/shop.db", chart, pathlib.Path(folder))
        try:
            yield server.port
        finally:
            server.stop()


def beside_bare(build, name, chart, path, body, *more):
    """The bare server answers with as many bytes as ours to this request."""
    own, peer = [], []
    for _ in range(ROUNDS):
        with ours(build, chart) as port:
            headers = (
                {"Content-Type": "application/json", "Idempotency-Key": "before-the-others"} if body else {}
            )
            with urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
            ) as answer:
                answer_bytes = len(answer.read())
            own.append(wrk(port, path, *more))
        with bare(build, answer_bytes) as port:
            peer.append(wrk(port, path, *more))
    report(name, "req/s", own, BARE, peer)


def play_spike(build, more):
    subprocess.run(
        [sys.executable, pathlib.Path(spike.__file__), str(build), *more],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return json.loads((OUT / f"spike-{'postgres-kill' if more else 'sqlite'}.json").read_text())["tally"][
        "all"
    ]


def answered(tally):
    """How many requests in a hundred were answered with less than a 500."""
    failed = sum(
        count for status, count in tally["statuses"].items() if status == "0" or status.startswith("5")
    )
    return 100 * (1 - failed / tally["requests"])


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    OUT.mkdir(exist_ok=True)
    if wanted("server.availability"):
        beside_bare(
            build,
            "server.availability",
            pathlib.Path("examples/venues/opera_house.json").resolve(),
            "/v1/events/gala/availability",
            None,
        )
    if wanted("server.hold"):
        with tempfile.NamedTemporaryFile(suffix=".json") as chart:
            chart.write(
                subprocess.run(
                    [build / "tests/bench/ticketcore_spike", "--house", str(HOUSE)],
                    check=True,
                    capture_output=True,
                ).stdout
            )
            chart.flush()
            script = pathlib.Path(__file__).resolve().parent / "holds.lua"
            beside_bare(
                build,
                "server.hold",
                chart.name,
                "/v1/events/gala/holds",
                b'{"best":{"count":2}}',
                "-s",
                str(script),
            )
    for figure, more in (("server.spike.p99", []), ("server.spike.answered", ["--kill"])):
        if wanted(figure):
            tallies = [play_spike(build, more) for _ in range(SPIKES)]
            report(
                figure,
                *(
                    ("%", [answered(tally) for tally in tallies])
                    if more
                    else ("ms", [tally["p99"] for tally in tallies])
                ),
            )


if __name__ == "__main__":
    main()
