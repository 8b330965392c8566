"""A sale from the first hold to the door."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from conftest import Clock, buy, create_premiere, little_house, prices

import ticketcore


def test_a_seat_goes_from_free_to_held_to_sold_to_admitted(
    office: ticketcore.BoxOffice, event: ticketcore.Event, clock: Clock
) -> None:
    hold = event.hold("Hall-A-3", "Hall-A-4", holder="cart-1", ttl=timedelta(minutes=10))
    assert hold.places == ("Hall-A-3", "Hall-A-4")
    assert hold.holder == "cart-1"
    assert hold.expires_at == datetime(2027, 1, 10, 10, 10, tzinfo=timezone.utc)
    assert event.availability().status("Hall-A-3") == "held"

    quote = event.quote(hold, {"adult": 1, "child": 1})
    assert [(line.ticket_type, line.count, line.amount) for line in quote.lines] == [
        ("adult", 1, Decimal("300.00")),
        ("child", 1, Decimal("150.00")),
    ]
    assert (quote.ticket_fees, quote.order_fee, quote.total, quote.tax, quote.currency) == (
        Decimal("10.00"), Decimal("12.00"), Decimal("472.00"), Decimal("78.67"), "UAH",
    )  # fmt: skip

    order = event.check_out(hold, amount=quote.total, method="card", reference="ch_3Nx")
    assert order.number == 1
    assert order.placed_at == clock.now
    assert (order.payment_method, order.payment_reference) == ("card", "ch_3Nx")
    assert [(ticket.seat, ticket.ticket_type, ticket.price) for ticket in order.tickets] == [
        ("3", "adult", Decimal("300.00")),
        ("4", "child", Decimal("150.00")),
    ]
    assert event.availability().status("Hall-A-3") == "sold"
    assert event.find_order(order.id) == order
    event.note_order(order, "picks them up at eight")
    assert (order.note, event.find_order(order.id).note) == ("", "picks them up at eight")
    event.note_order(order, "")
    assert event.find_order(order.id) == order

    admission = event.check_in(order.tickets[0].code, gate="north")
    assert (admission.place, admission.gate, admission.at) == ("Hall-A-3", "north", clock.now)
    let_in_at = clock.now
    clock.advance(timedelta(minutes=3))
    with pytest.raises(ticketcore.TicketAdmitted) as again:
        event.check_in(order.tickets[0].code, gate="south")
    assert again.value.details.at == let_in_at
    assert again.value.details.where == "north"


def test_a_hold_takes_all_or_none_and_names_what_is_gone(event: ticketcore.Event) -> None:
    event.hold("Hall-A-2", holder="first")
    with pytest.raises(ticketcore.SeatTaken) as refused:
        event.hold("Hall-A-1", "Hall-A-2", holder="second")
    assert refused.type is ticketcore.PlaceTaken
    assert refused.value.reason == "place_taken"
    assert refused.value.reason is ticketcore.Reason.PLACE_TAKEN
    assert refused.value.details.places == ("Hall-A-2",)
    assert "Hall-A-2" in str(refused.value)
    assert refused.value.to_dict() == {
        "reason": "place_taken",
        "message": refused.value.message,
        "places": ("Hall-A-2",),
    }
    assert event.availability().status("Hall-A-1") == "free"


def test_a_hold_ends_by_itself(event: ticketcore.Event, clock: Clock) -> None:
    hold = event.hold("Hall-A-1", holder="slow", ttl=timedelta(minutes=1))
    assert event.find_hold(hold) == hold
    clock.advance(timedelta(minutes=1))
    assert event.availability().status("Hall-A-1") == "free"
    with pytest.raises(ticketcore.HoldExpired):
        event.quote(hold, {"adult": 1})
    assert event.hold("Hall-A-1", holder="quick").holder == "quick"
    assert event.find_hold(hold) is None


def test_extending_stops_at_the_holds_lifetime(office: ticketcore.BoxOffice, clock: Clock) -> None:
    event = create_premiere(
        office, "short", policy=ticketcore.SalePolicy(hold_lifetime=timedelta(minutes=15))
    )
    hold = event.hold("Hall-A-1", holder="slow", ttl=timedelta(minutes=10))
    assert event.extend(hold, timedelta(minutes=30)) == clock.now + timedelta(minutes=15)
    with pytest.raises(ticketcore.HoldLifetimeReached):
        event.extend(hold, timedelta(minutes=30))


def test_best_available_seats_a_party_together_and_keeps_wheelchair_places_for_those_who_ask(
    event: ticketcore.Event,
) -> None:
    best = event.hold_best(3, "parquet", holder="three")
    assert len(best.places) == 3
    assert all(place.startswith("Hall-A-") for place in best.places)
    chair = event.hold_best(2, "cheap", accessible=1, holder="with a wheelchair")
    assert sorted(chair.places) == ["Hall-B-1", "Hall-B-2"]
    with pytest.raises(ticketcore.NotEnoughAdjoining) as refused:
        event.hold_best(7, holder="many")
    assert refused.value.details.asked == 7
    assert refused.value.details.available == 4, "an aisle parts the rows"
    assert len(event.hold_best(5, "parquet", together=False, holder="split").places) == 5


def test_standing_room_is_held_by_number(event: ticketcore.Event) -> None:
    hold = event.hold(areas={"Hall-Standing": 8}, holder="group")
    assert hold.places == ()
    assert hold.areas == {"Hall-Standing": 8}
    assert event.availability().area("Hall-Standing") == ticketcore.Counts(free=2, held=8, sold=0, killed=0)
    with pytest.raises(ticketcore.AreaFull) as refused:
        event.hold("Hall-A-1", areas={"Hall-Standing": 3}, holder="late")
    assert (refused.value.details.asked, refused.value.details.available) == (3, 2)
    order = event.check_out(hold, amount=event.quote(hold, {"adult": 8}).total, method="cash")
    assert {ticket.place for ticket in order.tickets} == {"Hall-Standing"}
    assert len(order.tickets) == 8


def test_a_repeated_request_gets_the_first_ones_answer(event: ticketcore.Event) -> None:
    request = ticketcore.new_request_id()
    first = event.hold("Hall-A-1", holder="cart", request=request)
    assert first.id == request
    assert event.hold("Hall-A-1", holder="cart", request=request) == first
    assert event.hold("Hall-A-1", holder="cart", request=uuid.UUID(request)) == first
    with pytest.raises(ticketcore.RequestReused):
        event.release(first, request=request)


def test_refunded_tickets_are_void_and_their_places_on_sale_again(event: ticketcore.Event) -> None:
    order = buy(event, "Hall-A-1", "Hall-A-2", "Hall-A-3")
    refund = event.refund(order, [order.tickets[0]], reference="re_1")
    assert refund.tickets == (order.tickets[0].id,)
    assert refund.amount == Decimal("305.00")
    assert event.availability().status("Hall-A-1") == "free"
    with pytest.raises(ticketcore.TicketRefunded):
        event.check_in(order.tickets[0].code, gate="north")
    rest = event.refund(order.id)
    assert set(rest.tickets) == {ticket.id for ticket in order.tickets[1:]}
    assert refund.amount + rest.amount == order.total
    with pytest.raises(ticketcore.TicketRefunded):
        event.refund(order)


def test_a_payment_that_is_not_what_was_quoted_sells_nothing(event: ticketcore.Event) -> None:
    hold = event.hold("Hall-A-1", holder="cart")
    with pytest.raises(ticketcore.NotQuoted):
        event.check_out(hold, amount="317", method="card")
    quote = event.quote(hold, {"adult": 1})
    with pytest.raises(ticketcore.PaymentMismatch):
        event.check_out(hold, amount=quote.total - 1, method="card")
    with pytest.raises(ticketcore.PaymentMismatch, match="sells in UAH"):
        event.check_out(hold, amount=quote.total, currency="EUR", method="card")
    assert event.check_out(hold, amount=quote.total, method="card").total == quote.total


def test_whatever_the_hold_is_quoted_at_is_paid_when_no_amount_is_said(event: ticketcore.Event) -> None:
    hold = event.hold("Hall-A-1", holder="cart")
    with pytest.raises(ticketcore.NotQuoted):
        event.check_out(hold, method="cash")
    quote = event.quote(hold, {"adult": 1})
    with pytest.raises(ValueError, match="no amount"):
        event.check_out(hold, currency="UAH", method="cash")
    assert event.check_out(hold, method="cash").total == quote.total


def test_off_sale_nothing_new_is_held_but_what_is_held_can_be_paid(event: ticketcore.Event) -> None:
    hold = event.hold("Hall-A-1", holder="cart")
    event.stop_sale()
    assert not event.on_sale
    with pytest.raises(ticketcore.EventOffSale):
        event.hold("Hall-A-2", holder="late")
    assert event.check_out(hold, amount=event.quote(hold, {"adult": 1}).total, method="card").number == 1
    event.start_sale()
    assert event.hold("Hall-A-2", holder="late").places == ("Hall-A-2",)


def test_configure_changes_what_is_given_and_leaves_the_rest(event: ticketcore.Event) -> None:
    event.configure(name="Derniere", policy=ticketcore.SalePolicy(places_per_hold=2))
    assert event.name == "Derniere"
    assert event.venue == "Little house"
    assert event.prices == prices()
    assert event.policy.places_per_hold == 2
    with pytest.raises(ticketcore.TooManyPlaces):
        event.hold("Hall-A-1", "Hall-A-2", "Hall-A-3", holder="three")


def test_prices_come_back_as_they_were_given() -> None:
    assert prices().prices == {
        "parquet": {"adult": Decimal("300.00"), "child": Decimal("150.00")},
        "cheap": {"adult": Decimal("100.00")},
    }
    assert (prices().per_ticket, prices().per_order, prices().tax_percent, prices().currency) == (
        Decimal(5),
        Decimal(12),
        Decimal(20),
        "UAH",
    )
    assert ticketcore.PriceList("JPY", {"all": {"adult": 5000}}).prices["all"]["adult"] == Decimal(5000)
    assert ticketcore.PriceList("EUR", {}, tax_percent="7.25").tax_percent == Decimal("7.25")


def test_events_are_found_by_name_and_not_made_twice(
    office: ticketcore.BoxOffice, event: ticketcore.Event
) -> None:
    assert office.events() == ["premiere"]
    assert [found.id for found in office] == ["premiere"]
    assert "premiere" in office
    assert "other" not in office
    found = office.event("premiere")
    assert found.time_zone == ""
    assert (found.name, found.currency, found.starts_at) == (
        "Premiere",
        "UAH",
        datetime(2027, 1, 31, 19, 30, tzinfo=timezone.utc),
    )
    with pytest.raises(ticketcore.EventNotFound):
        office.event("other")
    with pytest.raises(ticketcore.EventExists):
        create_premiere(office)


def test_an_event_tells_its_time_where_it_takes_place(event: ticketcore.Event) -> None:
    event.configure(starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=ZoneInfo("Europe/Kyiv")))
    assert event.time_zone == "Europe/Kyiv"
    assert event.starts_at == datetime(2027, 1, 31, 17, 30, tzinfo=timezone.utc)
    assert "Sunday, 31 January 2027, 19:30<" in buy(event, "Hall-A-1").tickets[0].svg()
    event.configure(time_zone="America/New_York")
    assert (event.time_zone, event.starts_at) == (
        "America/New_York",
        datetime(2027, 1, 31, 17, 30, tzinfo=timezone.utc),
    )
    assert "Sunday, 31 January 2027, 12:30<" in buy(event, "Hall-A-2").tickets[0].svg()


def test_codes_of_others_are_refused_at_the_door(event: ticketcore.Event) -> None:
    order = buy(event, "Hall-A-1")
    other_key = ticketcore.SigningKey.generate()
    with ticketcore.open("memory:", signing_key=other_key) as elsewhere:
        foreign = buy(create_premiere(elsewhere), "Hall-A-1").tickets[0].code
        with pytest.raises(ticketcore.CodeInvalid):
            event.check_in(foreign, gate="north")
        with pytest.raises(ticketcore.CodeInvalid):
            event.check_in("https://example.org", gate="north")
    assert event.check_in(f" {order.tickets[0].code}\n", gate="north").place == "Hall-A-1"


def test_a_partners_key_can_be_trusted() -> None:
    key = ticketcore.SigningKey.generate()
    storage = ticketcore.MemoryStorage()
    with ticketcore.BoxOffice(storage, signing_key=key) as seller:
        code = buy(create_premiere(seller), "Hall-A-1").tickets[0].code
    with ticketcore.BoxOffice(storage, trusted_keys=[key.verify_key]) as gate:
        assert gate.event("premiere").check_in(code, gate="north").place == "Hall-A-1"


def test_results_are_immutable_values_with_a_good_repr(event: ticketcore.Event) -> None:
    hold = event.hold("Hall-A-1", holder="cart")
    with pytest.raises(AttributeError):
        hold.holder = "another"  # type: ignore[misc]
    assert repr(hold) == (
        f"Hold(id='{hold.id}', holder='cart', places=('Hall-A-1',), areas={{}}, "
        "expires_at=datetime.datetime(2027, 1, 10, 10, 10, tzinfo=datetime.timezone.utc))"
    )
    assert hold.to_dict() == {
        "id": hold.id,
        "holder": "cart",
        "places": ["Hall-A-1"],
        "areas": {},
        "expires_at": hold.expires_at,
    }
    same = event.find_hold(hold.id)
    assert same == hold and same is not hold and hash(same) == hash(hold)
    assert hold != event.hold("Hall-A-2", holder="cart")
    assert hold != "a hold"
    quote = event.quote(hold, {"adult": 1})
    assert quote.to_dict()["lines"] == [quote.lines[0].to_dict()]
    assert "<table>" in quote._repr_html_()


def test_a_ticket_shows_itself_with_its_code(event: ticketcore.Event) -> None:
    order = buy(event, "Hall-A-1", holder="<Olha & co>")
    ticket = order.tickets[0]
    assert ticket.code.startswith("TC1:")
    picture = ticket.svg()
    ElementTree.fromstring(picture)
    assert "Sunday, 31 January 2027, 19:30 UTC" in picture
    assert "Sunday, 31 January 2027, 21:30" in ticket.svg(tz=ZoneInfo("Europe/Kyiv"))
    assert ticket._repr_svg_() == picture
    ElementTree.fromstring(order._repr_html_())


def test_without_a_signing_key_there_is_no_code_and_it_says_so() -> None:
    with ticketcore.open("memory:") as office:
        ticket = buy(create_premiere(office), "Hall-A-1").tickets[0]
        with pytest.raises(ticketcore.Error, match="signing_key"):
            _ = ticket.code
        assert ticket._repr_svg_() is None


def test_a_sqlite_file_keeps_everything(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    key = tmp_path / "gate.key"
    with ticketcore.open(f"sqlite:///{file}", signing_key=key) as office:
        order = buy(create_premiere(office), "Hall-A-1")
        code = order.tickets[0].code
    assert key.exists()
    with ticketcore.open(file, signing_key=str(key)) as office:
        event = office.event("premiere")
        assert event.find_order(order) == order
        assert event.check_in(code, gate="north").place == "Hall-A-1"
    with ticketcore.open(str(file), read_only=True) as office:
        event = office.event("premiere")
        assert event.availability().counts.sold == 1
        with pytest.raises(ticketcore.Unavailable, match="for reading only"):
            event.hold("Hall-A-2", holder="cart")


def test_two_offices_on_one_file_see_each_other(tmp_path: Path) -> None:
    with ticketcore.open(tmp_path / "box.db") as one, ticketcore.open(tmp_path / "box.db") as other:
        here = create_premiere(one)
        there = other.event("premiere")
        here.hold("Hall-A-1", holder="here")
        assert there.availability().status("Hall-A-1") == "free"
        assert there.wait_for_news(timedelta(seconds=10))
        assert there.availability().status("Hall-A-1") == "held"
        assert not there.wait_for_news(timedelta(0))
        with pytest.raises(ticketcore.PlaceTaken):
            there.hold("Hall-A-1", holder="there")
        here.hold("Hall-A-2", holder="here")
        there.refresh()
        assert there.availability().status("Hall-A-2") == "held"


def test_what_is_shown_says_how_old_it_is(tmp_path: Path, clock: Clock) -> None:
    with ticketcore.open(tmp_path / "box.db", clock=clock) as office:
        event = create_premiere(office)
        began = event.availability().time
        assert event.age() == timedelta(0)
        clock.advance(timedelta(minutes=1, microseconds=7))
        assert event.age() == timedelta(minutes=1, microseconds=7)
        event.refresh()
        assert event.age() == timedelta(0)
        assert event.availability().time == began
        event.hold("Hall-A-1", holder="cart")
        assert event.availability().time > began
    with pytest.raises(ticketcore.Closed):
        event.age()


def test_archives_and_erasure(tmp_path: Path, clock: Clock) -> None:
    with ticketcore.open(tmp_path / "box.db", clock=clock) as office:
        buy(create_premiere(office), "Hall-A-1")
        office.storage.vault_put(b"person-1", b'{"name": "Olha Kovalenko"}')
        archive = office.archive("premiere", tmp_path / "premiere.archive", remove=True)
        assert archive.event == "premiere"
        assert office.events() == []
        with ticketcore.BoxOffice(ticketcore.ArchiveStorage(tmp_path / "premiere.archive")) as shelf:
            assert shelf.event("premiere").availability().counts.sold == 1
        assert office.restore(tmp_path / "premiere.archive")[:2] == archive[:2]
        erasure = office.erase_person("person-1")
        assert erasure.was_there and erasure.traces == () and erasure.bytes_searched > 0
        assert office.storage.vault_get(b"person-1") is None


def test_a_storage_given_outlives_its_box_office() -> None:
    storage = ticketcore.MemoryStorage()
    with ticketcore.BoxOffice(storage) as office:
        create_premiere(office)
    with ticketcore.open(storage) as office:
        assert office.event("premiere").seat_map.capacity == little_house().capacity
