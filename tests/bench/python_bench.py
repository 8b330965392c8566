#!/usr/bin/env python3
"""python: holds of two seats from Python, each on the disk before its answer (SQLite, WAL, synchronous=FULL):
python_bench.py [GROUP...]

Beside them, in turn, the standard library's sqlite3 doing it the usual way (a row per seat, a transaction per
hold, one connection, which is its fastest), redis-py running a Lua hold on a server of the bench's own
without persistence, and what the C++ bench reached last (out/bench.jsonl). Prints and appends what
ticketcore_bench does."""

import asyncio
import contextlib
import itertools
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import ticketcore
import ticketcore.aio
from figure import OUT, report

ROUNDS = 5
SEATS = 120_000
GATHERED = 1024
# As in redis_peer.cpp.
SCRIPT = """if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', 600) redis.call('SET', KEYS[2], ARGV[1], 'EX', 600) return 1"""
PEER = "sqlite3, a row per seat, a commit per hold"
FIGURES = {
    "single": (2_000, "core.sqlite.threads"),
    "threads": (20_000, "core.sqlite.threads"),
    "asyncio": (20 * GATHERED, "core.sqlite.submit"),
    "many": (50 * GATHERED, "core.sqlite.submit"),
}


def wanted(name: str) -> bool:
    return len(sys.argv) == 1 or any(
        (wish + ".").startswith(name + ".") or (name + ".").startswith(wish + ".") for wish in sys.argv[1:]
    )


def rate(count: int, granted: int, start: float) -> float:
    taken = time.perf_counter() - start
    if granted != count:
        raise RuntimeError(f"{granted} of {count} holds were granted")
    return count / taken


def house() -> ticketcore.SeatMap:
    builder = ticketcore.SeatMapBuilder("Arena", focal_point=(0, 0))
    builder.category("all")
    for row in range(SEATS // 40):
        builder.row(str(row + 1), 40, category="all", start=(0, row))
    return builder.build()


def create(office: ticketcore.BoxOffice, seat_map: ticketcore.SeatMap) -> ticketcore.Event:
    return office.create_event(
        "bench", seat_map=seat_map, prices=ticketcore.PriceList("EUR", {"all": {"adult": 50}}),
        starts_at=datetime(2027, 6, 1, 20, tzinfo=timezone.utc),
        policy=ticketcore.SalePolicy(holds_per_holder=1_000_000, places_per_holder=10_000_000),
    )  # fmt: skip


def ours(
    figure: str,
    count: int,
    seat_map: ticketcore.SeatMap,
    pairs: "list[tuple[str, str]]",
    folder: pathlib.Path,
) -> float:
    pairs = pairs[:count]
    with ticketcore.open(folder / "ours.db") as office:
        event = create(office, seat_map)
        start = time.perf_counter()
        if figure == "single":
            return rate(
                count, sum(len(event.hold(*pair, holder="cart").places) == 2 for pair in pairs), start
            )
        if figure == "many":
            answers = itertools.chain.from_iterable(
                event.hold_many(pairs[at : at + GATHERED], holder="cart") for at in range(0, count, GATHERED)
            )
            return rate(count, sum(isinstance(answer, ticketcore.Hold) for answer in answers), start)
        if figure == "threads":
            with ThreadPoolExecutor(32) as pool:
                held = pool.map(
                    lambda worker: sum(
                        len(event.hold(*pair, holder="cart").places) == 2 for pair in pairs[worker::32]
                    ),
                    range(32),
                )
                return rate(count, sum(held), start)

    async def gather() -> float:
        async with ticketcore.aio.open(folder / "ours.db") as office:
            event = await office.event("bench")
            start, granted = time.perf_counter(), 0
            for at in range(0, count, GATHERED):
                granted += len(
                    await asyncio.gather(
                        *(event.hold(*pair, holder="cart") for pair in pairs[at : at + GATHERED])
                    )
                )
            return rate(count, granted, start)

    return asyncio.run(gather())


def row_per_seat(folder: pathlib.Path) -> float:
    count = 2_000
    with contextlib.closing(sqlite3.connect(folder / "peer.db", isolation_level=None)) as database:
        for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=FULL"):
            database.execute(f"PRAGMA {pragma}")
        database.execute(
            "CREATE TABLE seats(id INTEGER PRIMARY KEY, holder TEXT, held_until INTEGER NOT NULL DEFAULT 0)"
        )
        database.execute("BEGIN")
        database.executemany("INSERT INTO seats(id) VALUES (?)", ((seat,) for seat in range(60_000)))
        database.execute("COMMIT")
        start, granted = time.perf_counter(), 0
        for number in range(count):
            database.execute("BEGIN IMMEDIATE")
            done = database.execute(
                "UPDATE seats SET holder = ?, held_until = ? WHERE id IN (?, ?) AND held_until < 1800000000",
                (f"cart-{number}", 1_700_000_600, 2 * number, 2 * number + 1),
            )
            granted += done.rowcount == 2
            database.execute("COMMIT")
        return rate(count, granted, start)


@contextlib.contextmanager
def redis_server(folder: pathlib.Path):
    """The path of its socket; None where there is no redis-server or no redis-py."""
    try:
        import redis
    except ImportError:
        redis = None
    if redis is None or shutil.which("redis-server") is None:
        yield None
        return
    socket = str(folder / "redis.sock")
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not pathlib.Path(socket).exists():
            if server.poll() is not None:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.01)
        yield socket
    finally:
        server.terminate()
        server.wait()


def redis_holds(figure: str, socket: str) -> float:
    import redis
    import redis.asyncio

    client = redis.Redis(unix_socket_path=socket, max_connections=64)
    client.flushall()
    digest = client.script_load(SCRIPT)
    count = 10 * GATHERED
    keys = [(f"seat:{2 * number}", f"seat:{2 * number + 1}") for number in range(count)]
    start = time.perf_counter()
    if figure == "single":
        return rate(count, sum(client.evalsha(digest, 2, *pair, "cart") for pair in keys), start)
    if figure == "threads":
        with ThreadPoolExecutor(32) as pool:
            return rate(
                count,
                sum(
                    pool.map(
                        lambda worker: sum(
                            client.evalsha(digest, 2, *pair, "cart") for pair in keys[worker::32]
                        ),
                        range(32),
                    )
                ),
                start,
            )
    if figure == "many":
        granted = 0
        for at in range(0, count, GATHERED):
            pipeline = client.pipeline(transaction=False)
            for pair in keys[at : at + GATHERED]:
                pipeline.evalsha(digest, 2, *pair, "cart")
            granted += sum(pipeline.execute())
        return rate(count, granted, start)

    async def gather() -> float:
        pool = redis.asyncio.BlockingConnectionPool(
            connection_class=redis.asyncio.UnixDomainSocketConnection,
            path=socket,
            max_connections=50,
            timeout=None,
        )
        async with redis.asyncio.Redis(connection_pool=pool) as client:
            start, granted = time.perf_counter(), 0
            for at in range(0, count, GATHERED):
                granted += sum(
                    await asyncio.gather(
                        *(client.evalsha(digest, 2, *pair, "cart") for pair in keys[at : at + GATHERED])
                    )
                )
            taken = rate(count, granted, start)
        await pool.disconnect()
        return taken

    return asyncio.run(gather())


def core_figure(name: str) -> "float | None":
    if not (OUT / "bench.jsonl").exists():
        return None
    found = [
        figure["value"]
        for figure in map(json.loads, (OUT / "bench.jsonl").read_text().splitlines())
        if figure["name"] == name
    ]
    return found[-1] if found else None


def main() -> None:
    OUT.mkdir(exist_ok=True)
    seat_map = house()
    labels = seat_map.labels()
    pairs = list(zip(labels[::2], labels[1::2]))
    with tempfile.TemporaryDirectory(dir=OUT) as name, redis_server(pathlib.Path(name)) as socket:
        for figure, (count, core) in FIGURES.items():
            if not wanted(f"python.hold.{figure}"):
                continue
            mine, peers, redis = [], [], []
            for number in range(ROUNDS):
                folder = pathlib.Path(name) / f"{figure}-{number}"
                folder.mkdir()
                mine.append(ours(figure, count, seat_map, pairs, folder))
                peers.append(row_per_seat(folder))
                if socket is not None:
                    redis.append(redis_holds(figure, socket))
                shutil.rmtree(folder)
            report(f"python.hold.{figure}", "holds/s", mine, PEER, peers)
            if redis:
                report(
                    f"python.hold.{figure}.redis",
                    "holds/s",
                    mine,
                    "redis-py, Lua hold of 2 keys, nothing durable",
                    redis,
                )
            reached = core_figure(core)
            if reached is not None:
                report(f"python.hold.{figure}.core", "holds/s", mine, f"C++, {core}", [reached])


if __name__ == "__main__":
    main()
