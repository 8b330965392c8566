#!/usr/bin/env python3
"""./dev two-servers: two servers on one store, and shoppers who ask now this one, now that one, while servers
and database are killed. At the end of each round every answer, refusals included, is held against the log.

two_servers.py BUILD_DIR [SECONDS] [--storage sqlite|postgres] [--seed S]"""

import argparse
import contextlib
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "server"))

import shop  # noqa: E402  (it says where to find postgres_server)
from history import Log, check_views  # noqa: E402
from postgres_server import PostgresServer, binaries  # noqa: E402
from shoppers import Client, Record, Shopper  # noqa: E402

SHOPPERS = 12
# Each has an event of its own, so that what is checked at its end stays small.
ROUND_SECONDS = 60


class Server(shop.Server):
    """One that may be killed at any moment, and comes back on another port, when the store is there."""

    def start(self):
        with open(self.folder / "output.txt", "ab") as output:
            self._start(output)
        for line in self.process.stdout:
            if line.startswith(b"listening on http"):
                self.port = int(line.decode().rsplit(":", 1)[1])
                return self
        raise RuntimeError("the server did not start: " + (self.folder / "output.txt").read_text()[-2000:])


class Killer(threading.Thread):
    """Kills a server, or stops it for a moment, or kills the database, again and again, until told to stop.
    Then all of them run."""

    def __init__(self, servers, database, record, rng, stop):
        super().__init__()
        self.servers, self.database, self.record, self.rng, self.stop = servers, database, record, rng, stop
        self.kills = self.restarts = self.pauses = 0

    def run(self):
        try:
            self.kill_on()
        except Exception as error:
            self.record.fail("a server or the database does not come back", repr(error))
            raise

    def kill_on(self):
        while not self.stop.wait(self.rng.uniform(0.1, 1.0)):
            chance = self.rng.random()
            server = self.rng.choice(self.servers)
            if self.database and chance < 0.06:
                self.database.kill()
                time.sleep(self.rng.uniform(0, 0.5))
                self.database.start()
                self.restarts += 1
            elif chance < 0.2:
                server.process.send_signal(signal.SIGSTOP)
                time.sleep(self.rng.uniform(0.05, 0.3))
                server.process.send_signal(signal.SIGCONT)
                self.pauses += 1
            else:
                server.kill()
                server.start()
                self.kills += 1


class Database(PostgresServer):
    def kill(self):
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.folder / "data")


def play(servers, database, record, rng, admin_key, event, labels, seconds):
    stop, killed = threading.Event(), threading.Event()
    shoppers = [
        Shopper(servers, record, random.Random(rng.random()), admin_key, event, labels, stop)
        for _ in range(SHOPPERS)
    ]
    killer = Killer(servers, database, record, random.Random(rng.random()), killed)
    threads = [threading.Thread(target=shopper.run) for shopper in shoppers]
    for thread in (*threads, killer):
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    killed.set()
    killer.join()
    return killer


# ---- when all is quiet ----


def settle(client, record):
    """Waits until nobody has a decided payment, or a refund, to see to."""
    for payment in record.payments.values():
        wanted = {
            "approve": ("approved", "refunded"),
            "never": ("approved", "refunded"),
            "decline": ("declined",),
            None: ("pending", "expired"),
        }
        until = time.monotonic() + 60
        while True:
            seen = client.ask("GET", "/v1/payments/" + payment["id"], token=payment["token"])
            status = seen.json.get("status") if seen is not None else None
            if status in wanted[payment["decision"]]:
                break
            if time.monotonic() > until:
                record.fail(
                    "a payment: forgotten",
                    f"it is {status} a minute after its decision, {payment['decision']}",
                    payment["id"],
                )
                break
            time.sleep(0.2)
        payment["ended"] = status


def check_requests(log, record):
    """What was granted is in the log, once; what was said to have ended, ended so."""
    for request, facts in log.requests.items():
        if len([fact for fact in facts if fact["fact"] != "request_refused"]) > 1:
            record.fail("decided twice", request, facts)
    for hold in record.holds.values():
        fact = log.holds.get(hold["id"])
        if fact is None or sorted(fact.get("places", [])) != sorted(
            place["label"] for place in hold["places"]
        ):
            record.fail("not in the log", f"the hold {hold['id']}", fact)
    for order_id, order in record.orders.items():
        fact = log.orders.get(order_id)
        if (
            fact is None
            or fact["hold"] != order["hold"]
            or fact["payment"]["amount"].split()[0] != order["total"]["amount"]
        ):
            record.fail("not in the log", f"the order {order_id} of {order['total']}", fact)
    for order_id, amount in record.refunds.items():
        if [fact["amount"].split()[0] for fact in log.refunded.get(order_id, [])] != [amount["amount"]]:
            record.fail("not in the log", f"the refund of {order_id}, {amount}", log.refunded.get(order_id))
    for hold, revision in record.refused_twins:
        if revision is not None and hold in log.holds and revision >= log.holds[hold]["revision"]:
            record.fail(
                "a hold: two answers",
                f"{hold} was refused at revision {revision}, after it had been granted",
                log.holds[hold],
            )
    for hold, end in record.ended:
        # Nobody need have written down that it ran out.
        if log.ends.get(hold, "hold_expired") != end:
            record.fail("another end", f"{hold} was said to be {end}, and the log says {log.ends.get(hold)}")


def check_buyers(client, log, record, path):
    """Every order has its buyer, whoever asks."""
    known = {order_id: order["buyer"] for order_id, order in record.orders.items()}
    seen, cursor = {}, ""
    while True:
        page = client.ask(
            "GET", f"{path}/orders?limit=100" + (f"&cursor={cursor}" if cursor else ""), staff=True
        )
        for order in page.json["orders"]:
            seen[order["id"]] = order.get("buyer")
        cursor = page.json.get("next")
        if not cursor:
            break
    for order_id in log.orders:
        if order_id not in seen:
            record.fail("orders: one is missing", "in the whole list", order_id)
        elif seen[order_id] is None or seen[order_id] != known.get(order_id, seen[order_id]):
            record.fail(
                "an order: its buyer is lost", f"{seen[order_id]} instead of {known.get(order_id)}", order_id
            )


def check_money(client, log, record):
    """What was paid is sold, or was paid back; what was refunded in the log moved."""
    payments = {order: fact["payment"] for order, fact in log.orders.items()}
    sold = {paid["reference"]: order for order, paid in payments.items() if paid["method"] == "fakepay"}
    for payment in record.payments.values():
        page = client.ask("GET", f"/pay/{payment['id']}").body.decode()
        back = re.search(r"Paid back: ([0-9.]+) ", page)
        back = back.group(1) if back else "0"
        order = sold.get(payment["id"])
        paid = payment["decision"] in ("approve", "never")
        if order is None:
            owed = payment["amount"]["amount"] if paid else "0"
        else:
            owed = next((fact["amount"].split()[0] for fact in log.refunded.get(order, [])), "0")
        if back != owed:
            record.fail(
                "money",
                f"{back} was paid back and {owed} is owed; decided: {payment['decision']}, order {order}",
                payment["id"],
            )
        if order is not None and not paid:
            record.fail("money", f"sold and not paid; decided: {payment['decision']}", payment["id"])
        if (payment["ended"] == "approved") != (order is not None):
            record.fail(
                "a payment: another end",
                f"it was said to be {payment['ended']}, and its order is {order}",
                payment["id"],
            )


def finish_refunds(client, log, record):
    """A sweep comes by every second, and looks into a new refund after one."""
    payments = {order: fact["payment"] for order, fact in log.orders.items()}
    sold = {order: paid["reference"] for order, paid in payments.items() if paid["method"] == "fakepay"}
    waiting = [sold[order] for order in log.refunded if order in sold]
    until = time.monotonic() + 30
    while waiting and time.monotonic() < until:
        waiting = [
            payment for payment in waiting if b"Paid back" not in client.ask("GET", f"/pay/{payment}").body
        ]
        time.sleep(0.2)


def one_round(build, store, servers, database, rng, admin_key, seconds):
    record = Record()
    client = Client(servers, record, rng, admin_key)
    event = f"evening-{rng.getrandbits(40):x}"
    path = "/v1/events/" + event
    made = client.ask(
        "POST",
        "/v1/events",
        {
            "id": event,
            "name": "An evening",
            "starts_at": "2027-01-31T19:30:00+02:00",
            "seat_map": shop.CHART,
            "prices": shop.PRICES,
        },
        staff=True,
    )
    if made.status != 201:
        raise RuntimeError(f"no event: {made.body}")
    labels = client.ask("GET", path + "/places").json["places"]["labels"]
    killer = play(servers, database, record, rng, admin_key, event, labels, seconds)
    client.sends_revision = False
    settle(client, record)
    log = Log(build / "ticketcore", store, event)
    finish_refunds(client, log, record)
    check_requests(log, record)
    check_buyers(client, log, record, path)
    check_money(client, log, record)
    check_views(log, record.views, record.refused, labels, record.fail)
    counts = ", ".join(f"{name}: {count:,}" for name, count in sorted(record.counts.items()))
    print(
        f"  {len(log.facts):,} facts, {len(log.orders):,} orders, {len(record.payments):,} payments,"
        f" {len(record.views):,} views (oldest {record.oldest:.3f} s); {killer.kills} kills, {killer.pauses}"
        f" pauses, {killer.restarts} restarts of the database\n  {counts}",
        flush=True,
    )
    for kind, cases in sorted(record.wrong.items()):
        print(f"  WRONG {len(cases)} times: {kind}")
        for case in cases[:3]:
            print("    " + case[:600])
    return not record.wrong


def on_store(build, storage, seconds, rng):
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketcore-two-")))
        database = stack.enter_context(Database(durable=True)) if storage == "postgres" else None
        store = database.url("postgres", "postgres") if database else f"sqlite:///{folder / 'shop.db'}"
        servers = []
        for number in range(2):
            own = folder / str(number)
            own.mkdir()
            # A slow provider at one of them leaves its calls under way for long enough to be killed in.
            # All shoppers come from one address.
            server = Server(
                store, "--shared-network", "127.0.0.0/8", "--fake-payments-seconds", str(number), folder=own
            )
            if servers:
                server.admin_file.write_text(servers[0].admin_file.read_text())
                server.secret_file.write_text(servers[0].secret_file.read_text())
            stack.callback(server.kill)
            servers.append(server.start())
        admin_key = servers[0].admin_file.read_text().strip()
        good, end = True, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 1:
            good = (
                one_round(build, store, servers, database, rng, admin_key, min(left, ROUND_SECONDS)) and good
            )
        checked = subprocess.run([build / "ticketcore", "check", store], capture_output=True, text=True)
        print(
            "  " + checked.stdout.strip().splitlines()[-1] if checked.stdout else checked.stderr, flush=True
        )
        return good and checked.returncode == 0


def main():
    parser = argparse.ArgumentParser(prog="./dev two-servers", description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "seconds", type=float, nargs="?", default=3600, help="in all, shared by the stores (default: an hour)"
    )
    parser.add_argument("--storage", choices=["sqlite", "postgres"], help="this store only (default: both)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_007)
    options = parser.parse_args()
    Server.program = options.build / "examples/ticketcore_server"
    stores = [options.storage] if options.storage else ["sqlite"] + ["postgres"] * (binaries() is not None)
    good = True
    print(f"seed {options.seed}", flush=True)
    for storage in stores:
        print(f"{storage}:", flush=True)
        good = (
            on_store(options.build, storage, options.seconds / len(stores), random.Random(options.seed))
            and good
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
