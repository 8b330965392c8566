#!/usr/bin/env python3
"""./dev spike: an on-sale against the sample server. Buyers come at a steady rate, then at eleven times that
within a second for a minute, then at the steady rate again; they browse, pick, hold and pay, and some walk
away. The generator has one core, server and database the other. Afterwards the log is replayed and compared
with what the buyers were told. Prints a time series and leaves out/spike-STORAGE.html and .json.

spike.py BUILD_DIR [--storage sqlite|postgres] [--kill] [--buyers N] [--seconds N]"""

import argparse
import collections
import contextlib
import decimal
import html
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs"))
import postgres_server  # noqa: E402

FACTOR = 11
CALM_SECONDS = 10
HOUSE = 60_000


class Server:
    """One process of the sample server, on the second core."""

    def __init__(self, build, storage, chart, folder, port=0):
        self.command = [
            "taskset",
            "-c",
            "1",
            str(build / "examples/ticketcore_server"),
            "--storage",
            storage,
            "--port",
            str(port),
            "--demo",
            str(chart),
            "--rate-limit",
            "0",
            "--open-places-per-address",
            "0",
            "--connections-per-address",
            "0",
            "--fake-payments",
            "--admin-key-file",
            str(folder / "admin.key"),
            "--signing-key",
            str(folder / "gate.key"),
        ]
        self.log = open(folder / "server.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.port = int(line.rstrip("/\n").rsplit(":", 1)[1])
                self.command[self.command.index("--port") + 1] = str(self.port)
                break
        else:
            raise RuntimeError("the server does not start: " + pathlib.Path(self.log.name).read_text())
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        """Whatever became of it before."""
        if self.process.poll() is None:
            self.kill()

    def stop(self):
        self.process.terminate()
        if self.process.wait(timeout=30) != 0:
            raise RuntimeError(f"the server ended with {self.process.returncode}")


@contextlib.contextmanager
def proxy(servers, folder):
    """HAProxy before the servers: it asks another one when one does not answer."""
    port = postgres_server.free_port()
    lines = [
        "global",
        "  maxconn 5000",
        "defaults",
        "  mode http",
        "  timeout connect 1s",
        "  timeout client 60s",
        "  timeout server 15s",
        "  option http-buffer-request",
        "  option redispatch 1",
        "  retries 8",
        "  retry-on all-retryable-errors",
        "frontend shop",
        f"  bind 127.0.0.1:{port}",
        "  default_backend servers",
        "backend servers",
        "  balance roundrobin",
        "  default-server check inter 200ms fall 1 rise 1",
        "  option httpchk GET /readyz",
    ]
    lines += [f"  server shop{number} 127.0.0.1:{server.port}" for number, server in enumerate(servers)]
    (folder / "haproxy.cfg").write_text("\n".join(lines) + "\n")
    with open(folder / "haproxy.log", "w") as log:
        process = subprocess.Popen(
            ["taskset", "-c", "1", "haproxy", "-db", "-f", str(folder / "haproxy.cfg")],
            stdout=log,
            stderr=log,
        )
        try:
            while process.poll() is None:
                with (
                    contextlib.suppress(OSError),
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1),
                ):
                    break
                time.sleep(0.05)
            else:
                raise RuntimeError("HAProxy does not start: " + (folder / "haproxy.log").read_text())
            yield port
        finally:
            process.terminate()
            process.wait()


def kill_one(server, after_seconds, events):
    time.sleep(after_seconds)
    server.kill()
    events.append("one of two servers was killed after %d s" % after_seconds)
    time.sleep(10)
    server.start()
    events.append("and started again after %d s" % (after_seconds + 10))


def reconcile(build, store, told):
    """Replays the log and adds up its money by itself; what it says against what the buyers were told."""
    command = build / "ticketcore"
    checked = subprocess.run([command, "check", store], capture_output=True, text=True)
    owner, holds, orders, twice, taken, given_back = {}, {}, {}, 0, decimal.Decimal(0), decimal.Decimal(0)
    log = subprocess.Popen([command, "log", store], stdout=subprocess.PIPE, text=True)
    for line in log.stdout:
        fact = json.loads(line)
        kind = fact["fact"]
        if kind == "hold_placed":
            holds[fact["request"]] = fact["places"]
        elif kind == "order_placed":
            orders[fact["request"]] = decimal.Decimal(fact["payment"]["amount"].split()[0])
            taken += orders[fact["request"]]
            for place in holds[fact["hold"]]:
                twice += place in owner
                owner[place] = fact["request"]
        elif kind == "tickets_refunded":
            given_back += decimal.Decimal(fact["amount"].split()[0])
    if log.wait() != 0:
        raise RuntimeError("the log can't be read")
    lost = [
        bought["order"] for bought in told if orders.get(bought["order"]) != decimal.Decimal(bought["total"])
    ]
    return {
        "check": checked.returncode == 0,
        "check_says": checked.stdout.strip().splitlines()[-1:],
        "orders": len(orders),
        "places_sold": len(owner),
        "sold_twice": twice,
        "taken": str(taken),
        "refunded": str(given_back),
        "told_and_not_in_the_log": len(lost),
    }


def plot(title, seconds, series, unit):
    """Lines over the run's seconds, as SVG."""
    width, height, left, bottom = 860, 220, 60, 30
    end = max(seconds, default=1) or 1
    top = max((value for _, values in series for value in values), default=1) * 1.1 or 1
    x = lambda second: left + second / end * (width - left - 10)  # noqa: E731
    y = lambda value: 10 + (height - bottom - 10) * (1 - value / top)  # noqa: E731
    colours = ["#1f6feb", "#d1242f", "#8250df", "#bf8700"]
    parts = [
        f'<figure><figcaption>{html.escape(title)}</figcaption><svg viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{html.escape(title)}">'
    ]
    for mark in range(5):
        value = top * mark / 4
        parts.append(
            f'<line x1="{left}" x2="{width - 10}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#d8dee4"/>'
            f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.0f}{unit}</text>'
        )
    for second in range(0, int(end) + 1, 10):
        parts.append(f'<text x="{x(second):.1f}" y="{height - 8}" text-anchor="middle">{second} s</text>')
    for (name, values), colour in zip(series, colours):
        points = " ".join(f"{x(second):.1f},{y(value):.1f}" for second, value in zip(seconds, values))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
    legend = " ".join(
        f'<span style="color:{colour}">&#9632; {html.escape(name)}</span>'
        for (name, _), colour in zip(series, colours)
    )
    return "".join(parts) + f"</svg><p>{legend}</p></figure>"


def write_report(file, title, summary, tally):
    seconds = [row["second"] for row in tally["seconds"]]
    refused = [
        sum(count for status, count in row["statuses"].items() if status in ("409", "410"))
        for row in tally["seconds"]
    ]
    shed = [row["statuses"].get("503", 0) + row["statuses"].get("429", 0) for row in tally["seconds"]]
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in summary.items()
    )

    def statuses_of(kind):
        return ", ".join(f"{status}: {count:,}" for status, count in kind["statuses"].items())

    def all_of(key):
        return [row[key] for row in tally["seconds"]]

    kinds = "".join(
        f"<tr><th>{name}</th><td>{kind['requests']:,}</td><td>{kind['p50']:.1f}</td>"
        f"<td>{kind['p99']:.1f}</td><td>{kind['p999']:.1f}</td>"
        f"<td>{html.escape(statuses_of(kind))}</td></tr>"
        for name, kind in tally["kinds"].items()
    )
    rates = [("all", all_of("requests")), ("refused (409, 410)", refused), ("shed (503, 429)", shed)]
    times = [("p50", all_of("p50")), ("p99", all_of("p99")), ("p99.9", all_of("p999"))]
    file.write_text(
        f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>
<meta name="viewport" content="width=device-width">
<style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#1f2328}}
table{{border-collapse:collapse;margin:1rem 0}}
th,td{{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #d8dee4}}
th,td{{font-variant-numeric:tabular-nums}}figure{{margin:2rem 0}}svg text{{font-size:11px;fill:#59636e}}
</style>
<h1>{html.escape(title)}</h1><table>{rows}</table>
{plot("Requests a second, by the moment they were meant to be sent", seconds, rates, "")}
{plot("Time from the intended moment to the answer", seconds, times, " ms")}
<table><tr><th>request</th><td>count</td><td>p50 ms</td><td>p99 ms</td><td>p99.9 ms</td><td>answers</td></tr>
{kinds}</table></html>
"""
    )


def summarize(tally, proof, options, notes):
    statuses = collections.Counter(tally["all"]["statuses"])
    requests = sum(statuses.values())
    failed = sum(count for status, count in statuses.items() if status == "0" or status.startswith("5"))
    if (
        odd := set(statuses)
        - {"0", "200", "201", "303", "409", "410", "429"}
        - {status for status in statuses if status.startswith("5")}
    ):
        raise RuntimeError(f"answers that no well-formed request should get: {sorted(odd)}")
    peak = [
        row for row in tally["seconds"] if CALM_SECONDS + 2 <= row["second"] < CALM_SECONDS + options.seconds
    ]
    return {
        "requests": (
            f"{requests:,} by {tally['buyers']:,} buyers;"
            f" {sum(row['requests'] for row in peak) / max(len(peak), 1):,.0f} a second at the peak"
        ),
        "p50, p99, p99.9": "{p50:.1f}, {p99:.1f}, {p999:.1f} ms from the intended moment".format(
            **tally["all"]
        ),
        "answered": f"{100 * (1 - failed / requests):.4f} % ({failed} with a 5xx or not at all)",
        "answers": ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items())),
        "orders": (
            f"{len(tally['orders']):,} shown to buyers as paid, {proof['orders']:,} in the log;"
            f" {tally['unfinished_payments']} payments unfinished"
        ),
        "places sold": f"{proof['places_sold']:,}; sold twice: {proof['sold_twice']}",
        "money in the log": f"{proof['taken']} taken, {proof['refunded']} refunded",
        "orders shown and not in the log, or with another total": proof["told_and_not_in_the_log"],
        "the log replays and every invariant holds": "yes" if proof["check"] else "NO",
        **({"meanwhile": "; ".join(notes)} if notes else {}),
    }


def main():
    parser = argparse.ArgumentParser(
        prog="./dev spike", description="Plays an on-sale against the sample server."
    )
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--storage", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument(
        "--kill",
        action="store_true",
        help="two servers behind HAProxy on PostgreSQL, one killed in the middle and started again",
    )
    parser.add_argument(
        "--buyers",
        type=float,
        help=(
            "new buyers a second before the rush (default: 60; with PostgreSQL, which has a core to share"
            " with servers and proxy, 30)"
        ),
    )
    parser.add_argument("--seconds", type=int, default=60, help="length of the rush (default: 60)")
    options = parser.parse_args()
    if options.kill:
        options.storage = "postgres"
    options.buyers = options.buyers or (60 if options.storage == "sqlite" else 30)
    generator = options.build / "tests/bench/ticketcore_spike"
    notes = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketcore-spike-")))
        chart = folder / "arena.json"
        chart.write_bytes(
            subprocess.run([generator, "--house", str(HOUSE)], check=True, capture_output=True).stdout
        )
        if options.storage == "sqlite":
            storage, store = f"sqlite:///{folder / 'shop.db'}", str(folder / "shop.db")
        else:
            database = stack.enter_context(postgres_server.PostgresServer(durable=True))
            storage = store = database.url("postgres", "postgres")
        servers = []
        for _ in range(2 if options.kill else 1):
            servers.append(Server(options.build, storage, chart, folder))
            stack.callback(servers[-1].end)
        port = stack.enter_context(proxy(servers, folder)) if options.kill else servers[0].port
        if options.kill:
            killer = threading.Thread(
                target=kill_one, args=(servers[1], CALM_SECONDS + options.seconds // 3, notes)
            )
            killer.start()
        played = subprocess.run(
            [
                "taskset",
                "-c",
                "0",
                generator,
                str(port),
                "gala",
                f"{options.buyers}:{CALM_SECONDS}",
                f"{FACTOR * options.buyers}:{options.seconds}",
                f"{options.buyers}:{CALM_SECONDS}",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        if options.kill:
            killer.join()
        if played.returncode != 0:
            return 1
        for server in servers:
            server.stop()
        tally = json.loads(played.stdout)
        proof = reconcile(options.build, store, tally["orders"])
    for row in tally["seconds"]:
        print(
            "{second:4d} s  {requests:6d} requests  p50 {p50:7.1f}  p99 {p99:7.1f}  p99.9 {p999:7.1f} ms  "
            .format(**row)
            + "  ".join(f"{status}: {count}" for status, count in sorted(row["statuses"].items()))
        )
    summary = summarize(tally, proof, options, notes)
    for name, value in summary.items():
        print(f"{name}: {value}")
    out = pathlib.Path("out")
    out.mkdir(exist_ok=True)
    name = f"spike-{options.storage}{'-kill' if options.kill else ''}"
    write_report(
        out / f"{name}.html",
        f"On-sale at {FACTOR} times the base load,"
        f" {options.storage}{', one of two servers killed' if options.kill else ''}",
        summary,
        tally,
    )
    (out / f"{name}.json").write_text(
        json.dumps(
            {"summary": summary, "tally": {key: value for key, value in tally.items() if key != "orders"}},
            indent=1,
        )
    )
    print(f"report: out/{name}.html")
    return 0 if proof["check"] and proof["sold_twice"] == 0 and proof["told_and_not_in_the_log"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
