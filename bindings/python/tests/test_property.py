"""Random commands against the box office and against a naive one: every answer and every count must be the
same.

The naive box office is a dictionary of seats and a walk over everything for every question: slow, and plainly
right.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Optional

import hypothesis.strategies as st
from conftest import Clock, little_house, prices
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

import ticketcore
from ticketcore import Reason

HOUSE = little_house()
LABELS = HOUSE.labels()
CATEGORY = {place.label: place.category for place in HOUSE} | {
    area.label: area.category for area in HOUSE.areas
}
PRICE = prices().prices
AREA = "Hall-Standing"
CAPACITY = 10
POLICY = ticketcore.SalePolicy(
    places_per_hold=6, holds_per_holder=3, places_per_holder=9, hold_lifetime=timedelta(seconds=90)
)


@dataclasses.dataclass
class NaiveHold:
    holder: str
    places: list[str]
    standing: int
    placed_at: datetime
    expires_at: datetime
    total: Optional[Decimal] = None
    prices: list[Decimal] = dataclasses.field(default_factory=list)

    @property
    def admissions(self) -> list[str]:
        return [*self.places, *[AREA] * self.standing]


@dataclasses.dataclass
class NaiveTicket:
    place: str
    price: Decimal
    refunded: bool = False
    admitted: bool = False


@dataclasses.dataclass
class NaiveOrder:
    holder: str
    tickets: list[NaiveTicket]


class NaiveOffice:
    """Answers a Reason for a no, and whatever there is to say for a yes."""

    def __init__(self) -> None:
        self.now = datetime(2027, 1, 10, 10, tzinfo=timezone.utc)
        self.holds: dict[str, NaiveHold] = {}
        self.orders: dict[str, NaiveOrder] = {}
        self.ended: dict[str, Reason] = {}
        self.on_sale = True

    def expire(self) -> None:
        for id, hold in list(self.holds.items()):
            if hold.expires_at <= self.now:
                del self.holds[id]
                self.ended[id] = Reason.HOLD_EXPIRED

    def sold(self, label: str) -> int:
        return sum(
            ticket.place == label and not ticket.refunded
            for order in self.orders.values()
            for ticket in order.tickets
        )

    def held(self, label: str) -> int:
        return sum(hold.admissions.count(label) for hold in self.holds.values())

    def free(self, label: str) -> int:
        return (CAPACITY if label == AREA else 1) - self.sold(label) - self.held(label)

    def hold(
        self, id: str, holder: str, places: list[str], standing: int, ttl: timedelta
    ) -> tuple[Optional[Reason], object]:
        self.expire()
        wanted = len(places) + standing
        if wanted == 0 or len(set(places)) != len(places):
            return Reason.INVALID_REQUEST, None
        if not self.on_sale:
            return Reason.EVENT_OFF_SALE, None
        if wanted > POLICY.places_per_hold:
            return Reason.TOO_MANY_PLACES, None
        own = [hold for hold in self.holds.values() if hold.holder == holder]
        bought = sum(
            not ticket.refunded
            for order in self.orders.values()
            if order.holder == holder
            for ticket in order.tickets
        )
        if (
            len(own) >= POLICY.holds_per_holder
            or bought + sum(len(hold.admissions) for hold in own) + wanted > POLICY.places_per_holder
        ):
            return Reason.HOLDER_LIMIT, None
        taken = [place for place in places if not self.free(place)]
        if taken:
            return Reason.PLACE_TAKEN, tuple(taken)
        if standing > self.free(AREA):
            return Reason.AREA_FULL, self.free(AREA)
        self.holds[id] = NaiveHold(
            holder, places, standing, self.now, self.now + min(ttl, POLICY.hold_lifetime)
        )
        return None, (tuple(places), standing, self.holds[id].expires_at)

    def gone(self, id: str) -> Optional[Reason]:
        self.expire()
        return None if id in self.holds else self.ended.get(id, Reason.HOLD_NOT_FOUND)

    def extend(self, id: str, ttl: timedelta) -> tuple[Optional[Reason], object]:
        if (gone := self.gone(id)) is not None:
            return gone, None
        hold = self.holds[id]
        end = hold.placed_at + POLICY.hold_lifetime
        wanted = min(self.now + ttl, end)
        if wanted <= hold.expires_at == end:
            return Reason.HOLD_LIFETIME_REACHED, None
        hold.expires_at = max(hold.expires_at, wanted)
        return None, hold.expires_at

    def release(self, id: str) -> tuple[Optional[Reason], object]:
        if (gone := self.gone(id)) is not None:
            return gone, None
        del self.holds[id]
        self.ended[id] = Reason.HOLD_RELEASED
        return None, None

    def quote(self, id: str, ticket_type: str, count: int) -> tuple[Optional[Reason], object]:
        if (gone := self.gone(id)) is not None:
            return gone, None
        hold = self.holds[id]
        if count != len(hold.admissions):
            return Reason.TICKET_CHOICE_MISMATCH, None
        amounts = [PRICE[CATEGORY[place]].get(ticket_type) for place in hold.admissions]
        if None in amounts:
            return Reason.NO_PRICE, None
        hold.prices = [amount for amount in amounts if amount is not None]
        hold.total = sum(hold.prices, Decimal(0)) + 5 * count + 12
        return None, hold.total

    def check_out(self, id: str, order: str, amount: Decimal) -> tuple[Optional[Reason], object]:
        if (gone := self.gone(id)) is not None:
            return gone, None
        hold = self.holds[id]
        if hold.total is None:
            return Reason.NOT_QUOTED, None
        if amount != hold.total:
            return Reason.PAYMENT_MISMATCH, None
        self.orders[order] = NaiveOrder(
            hold.holder, [NaiveTicket(place, price) for place, price in zip(hold.admissions, hold.prices)]
        )
        del self.holds[id]
        self.ended[id] = Reason.HOLD_CHECKED_OUT
        return None, tuple(hold.admissions)

    def refund(self, id: str, numbers: list[int]) -> tuple[Optional[Reason], object]:
        self.expire()
        if len(set(numbers)) != len(numbers):
            return Reason.INVALID_REQUEST, None
        tickets = self.orders[id].tickets
        if not numbers:
            numbers = [
                number
                for number, ticket in enumerate(tickets, 1)
                if not ticket.refunded and not ticket.admitted
            ]
            if not numbers:
                return (
                    Reason.TICKET_ADMITTED
                    if any(ticket.admitted for ticket in tickets)
                    else Reason.TICKET_REFUNDED
                ), None
        for number in sorted(numbers):
            if number > len(tickets):
                return Reason.TICKET_NOT_FOUND, None
            if tickets[number - 1].refunded:
                return Reason.TICKET_REFUNDED, None
            if tickets[number - 1].admitted:
                return Reason.TICKET_ADMITTED, None
        for number in numbers:
            tickets[number - 1].refunded = True
        amount = sum((tickets[number - 1].price + 5 for number in numbers), Decimal(0))
        return None, amount + (12 if all(ticket.refunded for ticket in tickets) else 0)

    def check_in(self, id: str, number: int) -> tuple[Optional[Reason], object]:
        self.expire()
        ticket = self.orders[id].tickets[number - 1]
        if ticket.refunded or ticket.admitted:
            return Reason.TICKET_REFUNDED if ticket.refunded else Reason.TICKET_ADMITTED, None
        ticket.admitted = True
        return None, ticket.place


class Sale(RuleBasedStateMachine):
    holds = Bundle("holds")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.storage = ticketcore.MemoryStorage(clock=self.clock)
        self.key = ticketcore.SigningKey.generate()
        self.naive = NaiveOffice()
        self.naive.now = self.clock.now
        self.real_orders: dict[str, ticketcore.Order] = {}
        self.open()
        self.event = self.office.create_event(
            "sale",
            seat_map=HOUSE,
            prices=prices(),
            policy=POLICY,
            starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc),
        )

    def open(self) -> None:
        self.office = ticketcore.BoxOffice(self.storage, signing_key=self.key, clock=self.clock)

    def teardown(self) -> None:
        assert self.event.audit().ok
        self.office.close()
        self.storage.close()

    @rule(by=st.integers(0, 40))
    def time_passes(self, by: int) -> None:
        self.clock.advance(timedelta(seconds=by))
        self.naive.now = self.clock.now

    @rule(
        target=holds, holder=st.sampled_from(["olha", "petro", "maria"]),
        places=st.lists(st.sampled_from(LABELS), max_size=5), standing=st.integers(0, 4),
        ttl=st.integers(1, 120),
    )  # fmt: skip
    def hold(self, holder: str, places: list[str], standing: int, ttl: int) -> object:
        id = ticketcore.new_request_id()
        expected, value = self.naive.hold(id, holder, places, standing, timedelta(seconds=ttl))
        try:
            hold = self.event.hold(
                *places,
                areas={AREA: standing} if standing else None,
                holder=holder,
                ttl=timedelta(seconds=ttl),
                request=id,
            )
        except ticketcore.Refused as refused:
            assert refused.reason == expected
            if expected == Reason.PLACE_TAKEN:
                assert refused.details.places == value
            if expected == Reason.AREA_FULL:
                assert refused.details.available == value
            return multiple()
        assert expected is None
        assert (hold.places, hold.areas.get(AREA, 0), hold.expires_at) == value
        again = self.event.hold(
            *places,
            areas={AREA: standing} if standing else None,
            holder=holder,
            ttl=timedelta(seconds=ttl),
            request=id,
        )
        assert again == hold, "a repeated request"
        return id

    @rule(
        target=holds,
        holder=st.sampled_from(["olha", "petro", "maria"]),
        wishes=st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=3), max_size=4),
    )
    def hold_many(self, holder: str, wishes: list[list[str]]) -> object:
        answers = self.event.hold_many(wishes, holder=holder, ttl=timedelta(seconds=60))
        made = []
        for wish, answer in zip(wishes, answers):
            id = answer.id if isinstance(answer, ticketcore.Hold) else ticketcore.new_request_id()
            expected, _ = self.naive.hold(id, holder, wish, 0, timedelta(seconds=60))
            assert (answer.reason if isinstance(answer, ticketcore.Refused) else None) == expected
            if expected is None:
                made.append(id)
        return multiple(*made)

    @rule(hold=holds, ttl=st.integers(1, 120))
    def extend(self, hold: str, ttl: int) -> None:
        self.same(
            self.naive.extend(hold, timedelta(seconds=ttl)),
            lambda: self.event.extend(hold, timedelta(seconds=ttl)),
        )

    @rule(hold=holds)
    def release(self, hold: str) -> None:
        self.same(self.naive.release(hold), lambda: self.event.release(hold))

    @rule(
        hold=holds,
        ticket_type=st.sampled_from(["adult", "adult", "child"]),
        off=st.sampled_from([0, 0, 0, 1]),
    )
    def quote(self, hold: str, ticket_type: str, off: int) -> None:
        known = self.naive.holds.get(hold)
        count = off + (len(known.admissions) if known else 1)
        self.same(
            self.naive.quote(hold, ticket_type, count),
            lambda: self.event.quote(hold, {ticket_type: count}).total,
        )

    @rule(target=orders, hold=holds, off=st.sampled_from([0, 0, 0, 1]))
    def check_out(self, hold: str, off: int) -> object:
        known = self.naive.holds.get(hold)
        amount = (known.total if known and known.total is not None else Decimal(1)) + off
        id = ticketcore.new_request_id()
        expected, value = self.naive.check_out(hold, id, amount)
        try:
            order = self.event.check_out(hold, amount=amount, method="card", request=id)
        except ticketcore.Refused as refused:
            assert refused.reason == expected
            return multiple()
        assert expected is None and tuple(ticket.place for ticket in order.tickets) == value
        self.real_orders[order.id] = order
        return order.id

    @rule(order=orders, numbers=st.lists(st.integers(1, 4), max_size=2))
    def refund(self, order: str, numbers: list[int]) -> None:
        tickets = [f"{order}-{number}" for number in numbers] or None
        self.same(self.naive.refund(order, numbers), lambda: self.event.refund(order, tickets).amount)

    @rule(order=orders, number=st.integers(1, 4))
    def check_in(self, order: str, number: int) -> None:
        tickets = self.real_orders[order].tickets
        if number <= len(tickets):
            self.same(
                self.naive.check_in(order, number),
                lambda: self.event.check_in(tickets[number - 1].code, gate="north").place,
            )

    @rule(on_sale=st.booleans())
    @precondition(lambda self: self.naive.holds)
    def change_sale(self, on_sale: bool) -> None:
        (self.event.start_sale if on_sale else self.event.stop_sale)()
        self.naive.on_sale = on_sale

    @rule(snapshot=st.booleans())
    def open_anew(self, snapshot: bool) -> None:
        if snapshot:
            self.event.save_snapshot()
        self.office.close()
        self.open()
        self.event = self.office.event("sale")

    @invariant()
    def counts_are_the_same(self) -> None:
        self.naive.expire()
        seen = self.event.availability()
        sold = sum(self.naive.sold(label) for label in [*LABELS, AREA])
        held = sum(self.naive.held(label) for label in [*LABELS, AREA])
        assert seen.counts == ticketcore.Counts(HOUSE.capacity - sold - held, held, sold, 0)
        assert seen.area(AREA) == ticketcore.Counts(
            self.naive.free(AREA), self.naive.held(AREA), self.naive.sold(AREA), 0
        )
        for label in LABELS:
            assert seen.status(label) == (
                "sold" if self.naive.sold(label) else "held" if self.naive.held(label) else "free"
            )

    def same(self, expected: tuple[Optional[Reason], object], ask: object) -> None:
        assert callable(ask)
        try:
            answer = ask()
        except ticketcore.Refused as refused:
            assert refused.reason == expected[0]
        else:
            assert expected == (None, answer)


Sale.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSale = Sale.TestCase
