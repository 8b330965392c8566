"""The demo: hundreds of simulated buyers race for a house; then a second process proves the books."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Optional

import ticketcore

_THREADS = 8
_TICK = timedelta(milliseconds=60)


class _Clock:
    """The sale's own time: it runs far faster than the wall's, so that holds run out while one watches."""

    def __init__(self) -> None:
        self._now = datetime(2027, 1, 15, 10, tzinfo=timezone.utc)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        with self._lock:
            self._now += by


def small_theatre() -> ticketcore.SeatMap:
    """Some 400 seats in stalls and a balcony, and standing room behind."""
    builder = ticketcore.SeatMapBuilder("Little Theatre", focal_point=(0, 0))
    for key, name, color in (
        ("stalls", "Stalls", "#1B5E8C"),
        ("balcony", "Balcony", "#D98E04"),
        ("standing", "Standing", "#7A6C9D"),
    ):
        builder.category(key, name=name, color=color)
    builder.shape("stage", label="Stage", outline=[(-5, -3), (5, -3), (4, -0.5), (-4, -0.5)])
    builder.section("Stalls", entrance="Foyer")
    builder.section("Balcony", entrance="Stairs")
    for number in range(12):
        seats = 18 + number // 2
        last = number == 11
        builder.row(
            chr(ord("A") + number), seats, section="Stalls", category="stalls",
            start=(-0.275 * (seats + 1), 2 + number * 0.9), step=(0.55, 0),
            aisle_before=[str(seats // 2 + 1)], accessible=["1", "3"] if last else (),
            companion=["2", "4"] if last else (),
        )  # fmt: skip
    for number in range(6):
        builder.row(
            chr(ord("A") + number), 24, section="Balcony", category="balcony",
            start=(-0.275 * 26, 15 + number * 0.9), step=(0.55, 0), aisle_before=["9", "17"],
            restricted_view=["1", "24"],
        )  # fmt: skip
    builder.area(
        "Standing",
        section="Balcony",
        category="standing",
        capacity=60,
        center=(0, 21.5),
        outline=[(-6, 21), (6, 21), (6, 22), (-6, 22)],
    )
    return builder.build()


def prices_for(house: ticketcore.SeatMap) -> ticketcore.PriceList:
    """The categories get cheaper one after the other; children pay half."""
    prices: dict[str, dict[str, int]] = {}
    amount = 1400
    for category in house.categories:
        prices[category.key] = {"adult": amount, "child": amount // 2}
        amount = max(150, amount * 3 // 40 * 10)
    return ticketcore.PriceList("UAH", prices, per_ticket=15, per_order=40, tax_percent=20)


class _Sale:
    def __init__(self, event: ticketcore.Event, clock: _Clock) -> None:
        self.event = event
        self.clock = clock
        self.lock = threading.Lock()
        self.tally: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.milliseconds: list[float] = []
        self.first_orders: list[ticketcore.Order] = []
        self.house = event.seat_map
        self.keys = [category.key for category in self.house.categories]
        self.labels = self.house.labels()

    def buyers(self, seed: int) -> None:
        """One simulated person after another, until the house is sold out."""
        chance = random.Random(seed)
        while True:
            counts = self.event.availability().counts
            if counts.free == 0 and counts.held == 0:
                return
            # The later it gets, the longer between two buyers: what was abandoned comes back meanwhile.
            self.clock.advance(_TICK)
            if counts.free == 0:
                time.sleep(0.001)
                self.clock.advance(timedelta(seconds=0.5))
                continue
            with self.lock:
                self.tally["buyers"] += 1
                name = f"buyer-{self.tally['buyers']}"
            try:
                self.buy(self.choose(name, chance, counts), chance)
            except ticketcore.Refused as refused:
                with self.lock:
                    self.refusals[str(refused.reason)] += 1

    def choose(self, name: str, chance: random.Random, counts: ticketcore.Counts) -> ticketcore.Hold:
        start = time.perf_counter()
        try:
            wish = chance.random()
            if self.house.areas and (wish < 0.1 or not self.labels):
                return self.event.hold(
                    areas={chance.choice(self.house.areas).label: chance.randint(1, 4)},
                    holder=name,
                    ttl=timedelta(minutes=3),
                )
            if counts.free < self.house.capacity / 20 or wish < 0.4:
                return self.pick(name, chance)
            return self.event.hold_best(
                chance.randint(1, 6), chance.choice(self.keys), accessible=int(wish < 0.43),
                together=wish < 0.8, restricted_view=wish > 0.9, holder=name,
                ttl=timedelta(minutes=3),
            )  # fmt: skip
        finally:
            with self.lock:
                self.milliseconds.append((time.perf_counter() - start) * 1000)

    def pick(self, name: str, chance: random.Random) -> ticketcore.Hold:
        """A few neighbours from a map that is as old as the eye is slow."""
        seen = self.event.availability()
        free = [index for index, label in enumerate(self.labels) if seen.status(label) == "free"]
        if not free:
            area = max(self.house.areas, key=lambda area: seen.area(area.label).free)
            return self.event.hold(areas={area.label: 1}, holder=name, ttl=timedelta(minutes=3))
        first = chance.choice(free)
        together = [
            self.labels[index]
            for index in range(first, min(first + chance.randint(1, 3), len(self.labels)))
            if seen.status(self.labels[index]) == "free"
        ]
        return self.event.hold(*together, holder=name, ttl=timedelta(minutes=3))

    def buy(self, hold: ticketcore.Hold, chance: random.Random) -> None:
        if chance.random() < 1 / 9:
            with self.lock:
                self.tally["abandoned"] += 1  # walks away; the hold runs out
            return
        count = len(hold.places) + sum(hold.areas.values())
        children = 1 if count > 1 and chance.random() < 0.25 else 0
        quote = self.event.quote(hold, {"adult": count - children, "child": children})
        order = self.event.check_out(hold, amount=quote.total, method="card", reference=f"ch_{hold.id[-12:]}")
        with self.lock:
            self.tally["orders"] += 1
            if len(self.first_orders) < 3:
                self.first_orders.append(order)
        if order.number > 20 and chance.random() < 1 / 60:
            refund = self.event.refund(order, reference=f"re_{order.number}")
            with self.lock:
                self.tally["refunded"] += len(refund.tickets)

    def progress(self) -> str:
        counts = self.event.availability().counts
        filled = counts.sold * 40 // self.house.capacity
        return (
            f"  [{'#' * filled}{'.' * (40 - filled)}] {counts.sold} of {self.house.capacity} sold,"
            f" {counts.held} held, {self.tally['orders']} orders"
        )


def run(chart: Optional[ticketcore.SeatMap], folder: Path) -> int:
    """Sell out the house given, or a small theatre. Leaves the file, pictures of the house and of the first
    tickets in the folder. The exit status."""
    house = small_theatre() if chart is None else chart
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("demo.db*"), *folder.glob("ticket-*.svg")]:
        old.unlink()
    file, key = folder / "demo.db", folder / "demo.key"
    print(f"{house.name}: {len(house)} places, {len(house.areas)} standing areas, {house.capacity} in all")
    clock = _Clock()
    with ticketcore.open(file, signing_key=key, clock=clock) as office:
        event = office.create_event(
            "gala-2027",
            name="Gala night",
            seat_map=house,
            prices=prices_for(house),
            starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc),
        )
        sale = _Sale(event, clock)
        start = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as pool:
            racing = [pool.submit(sale.buyers, seed) for seed in range(_THREADS)]
            while not all(racer.done() for racer in racing):
                if sys.stdout.isatty():
                    print(f"\r{sale.progress()}   ", end="", flush=True)
                time.sleep(0.05)
            for racer in racing:
                racer.result()
        seconds = time.perf_counter() - start
        print(f"\r{sale.progress()}   ")
        event.save_snapshot()
        drawn = 0
        for order in sale.first_orders:
            for number, ticket in enumerate(order.tickets, 1):
                (folder / f"ticket-{order.number}-{number}.svg").write_text(ticket.svg(), encoding="utf-8")
                drawn += 1
        (folder / "seatmap.svg").write_text(event.availability().svg(), encoding="utf-8")
        times = sorted(sale.milliseconds)
        refusals = "  ".join(f"{reason} {count}" for reason, count in sorted(sale.refusals.items()))
        middle, slow = times[len(times) // 2], times[len(times) * 99 // 100]
        print(
            f"\n  buyers           {sale.tally['buyers']}; {sale.tally['orders']} orders, "
            f"{sale.tally['abandoned']} holds abandoned, "
            f"{sale.tally['refunded']} tickets refunded and sold again\n"
            f"  refusals         {refusals or 'none'}\n"
            f"  holds            {len(times) / seconds:.1f} a second asked for, "
            f"p50 {middle:.1f} ms, p99 {slow:.1f} ms, each on the disk before its answer\n"
            f"  pictures         {folder / 'seatmap.svg'} and {drawn} tickets as {folder / 'ticket-*.svg'}\n",
            flush=True,
        )
        public = str(ticketcore.SigningKey.load(key).verify_key)
    return subprocess.run(
        [sys.executable, "-m", "ticketcore._demo", str(file), str(key), public], check=False
    ).returncode


def reconcile(file: str, key: str, public: str) -> int:
    """What the second process does: replay the log, prove everything, and verify every ticket with the public
    key alone."""
    with (
        ticketcore.open(file, read_only=True, signing_key=key) as office,
        ticketcore.open("memory:", trusted_keys=[ticketcore.VerifyKey(public)]) as gate,
    ):
        event = office.event("gala-2027")
        report = event.audit()
        print(f"A second process reads {file}, {report.revision} entries:")
        for name, takings in report.takings.items():
            print(f"  revenue          {takings.amount} {report.currency}  {name}, {takings.tickets} tickets")
        print(f"  fees             {report.fees} {report.currency}")
        print(f"  refunded         {Decimal(-report.refunded)} {report.currency}")
        print(
            f"  in the till      {report.paid - report.refunded} {report.currency} from {report.orders}"
            " orders"
        )
        for problem in report.problems:
            print(f"  WRONG            {problem}")
        if report.ok:
            print("  ok               nothing was ever sold twice")
            print(f"  ok               each of the {event.seat_map.capacity} places is accounted for")
            print("  ok               the money adds up to the last minor unit")
        # A gate of another event knows the public key alone: to it, a genuine code is one for another event.
        other = gate.create_event(
            "gate", seat_map=event.seat_map, prices=event.prices, starts_at=event.starts_at
        )
        codes = [
            ticket.code
            for number in {row.id[:36] for row in event.books().tickets()}
            for ticket in _order(event, number).tickets
        ]
        genuine = sum(
            isinstance(answer, ticketcore.CodeForOtherEvent)
            for answer in other.check_in_many(codes, gate="north")
        )
        print(
            f"  {'ok   ' if genuine == len(codes) else 'WRONG'}            {genuine} of {len(codes)} tickets"
            " verify with the public key"
        )
        return 0 if report.ok and genuine == len(codes) else 1


def _order(event: ticketcore.Event, id: str) -> ticketcore.Order:
    order = event.find_order(id)
    assert order is not None
    return order


if __name__ == "__main__":
    sys.exit(reconcile(*sys.argv[1:4]))
