"""What is wrong with an argument is said with its name, what came, and what would be right."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable

import pytest
from conftest import create_premiere, little_house, prices

import ticketcore
from ticketcore import PriceList, SeatMapBuilder

Attempt = Callable[[Any], Any]
AT = datetime(2027, 1, 31, tzinfo=timezone.utc)

WRONG: list[tuple[str, Attempt, type[Exception], str]] = [
    ("a ttl that is a number", lambda e: e.hold("Hall-A-1", holder="c", ttl=600), TypeError,
     r"ttl must be a timedelta such as timedelta\(minutes=10\), not 600 \(int\)"),
    ("no ttl at all", lambda e: e.hold("Hall-A-1", holder="c", ttl=timedelta(0)), ValueError,
     "ttl is datetime.timedelta.*; it must be longer than zero"),
    ("a ttl past what microseconds count",
     lambda e: e.hold("Hall-A-1", holder="c", ttl=timedelta(days=213503983)), ValueError,
     "longer than zero and at most 366 days"),
    ("the longest ttl there is", lambda e: e.hold("Hall-A-1", holder="c", ttl=timedelta.max), ValueError,
     "longer than zero and at most 366 days"),
    ("the most negative ttl there is", lambda e: e.hold("Hall-A-1", holder="c", ttl=timedelta.min),
     ValueError, "longer than zero and at most 366 days"),
    ("a ttl of a microsecond too much",
     lambda e: e.hold("Hall-A-1", holder="c", ttl=timedelta(days=366, microseconds=1)), ValueError,
     "at most 366 days"),
    ("a wait past what microseconds count",
     lambda e: ticketcore.SqliteStorage("x.db", busy_timeout=timedelta(days=213503983)), ValueError,
     "zero to 366 days"),
    ("a place that is a number", lambda e: e.hold(11, holder="c"), TypeError,
     r"places\[0\] must be a str, not 11 \(int\)"),
    ("a list of places", lambda e: e.hold(["Hall-A-1"], holder="c"), TypeError,
     r"places\[0\] must be a str, not \['Hall-A-1'\] \(list\)"),
    ("no holder", lambda e: e.hold("Hall-A-1"), TypeError,
     "missing 1 required keyword-only argument: 'holder'"),
    ("an empty holder", lambda e: e.hold("Hall-A-1", holder=""), ValueError,
     "holder has 0 bytes; it must have 1 to 64"),
    ("a holder that is None", lambda e: e.hold("Hall-A-1", holder=None), TypeError,
     r"holder must be a str, not None \(NoneType\)"),
    ("a lone surrogate", lambda e: e.hold("Hall-A-\udc80", holder="c"), ValueError,
     r"places\[0\] is '.*'; it must be text that can be written as UTF-8"),
    ("a misspelt keyword", lambda e: e.hold("Hall-A-1", holdr="c"), TypeError,
     "unexpected keyword argument 'holdr'"),
    ("areas that are no mapping", lambda e: e.hold(areas=["Hall-Standing"], holder="c"), TypeError,
     "areas must be a mapping from an area's label to a number"),
    ("half an admission", lambda e: e.hold(areas={"Hall-Standing": 0.5}, holder="c"), TypeError,
     r"areas\['Hall-Standing'\] must be an int, not 0.5 \(float\)"),
    ("no admission", lambda e: e.hold(areas={"Hall-Standing": 0}, holder="c"), ValueError,
     r"areas\['Hall-Standing'\] is 0; it must be 1 to"),
    ("a label of no place", lambda e: e.hold("Hall-Z-1", holder="c"), ticketcore.PlaceUnknown,
     "no place or area called Hall-Z-1"),
    ("several labels of no place", lambda e: e.hold("Hall-Z-1", "Hall-A-1", "Hall-Z-2", holder="c"),
     ticketcore.PlaceUnknown, "no place or area called Hall-Z-1, Hall-Z-2"),
    ("an area among the places", lambda e: e.hold("Hall-Standing", holder="c"), ticketcore.PlaceUnknown,
     "Hall-Standing is an area: name it in areas, with a quantity"),
    ("a place among the areas", lambda e: e.hold(areas={"Hall-A-1": 1}, holder="c"), ticketcore.PlaceUnknown,
     "Hall-A-1 is a place: name it in places"),
    ("nothing to hold", lambda e: e.hold(holder="c"), ticketcore.InvalidRequest, "."),
    ("a count that is text", lambda e: e.hold_best("3", holder="c"), TypeError,
     r"count must be an int, not '3' \(str\)"),
    ("a negative count", lambda e: e.hold_best(-1, holder="c"), ValueError, "count is -1; it must be 1 to"),
    ("a huge count", lambda e: e.hold_best(10**30, holder="c"), ValueError,
     "count is 1000000000000000000000000000000; it must be"),
    ("a category of no place", lambda e: e.hold_best(2, "gold", holder="c"), ticketcore.InvalidRequest,
     'no category "gold"'),
    ("a flag that is a number", lambda e: e.hold_best(2, together=1, holder="c"), TypeError,
     r"together must be True or False, not 1 \(int\)"),
    ("a hold that is no id", lambda e: e.quote("hold-1", {"adult": 1}), ValueError,
     "hold is 'hold-1'; it must be an id such as '0193a5b0"),
    ("a hold that is a number", lambda e: e.release(17), TypeError,
     r"hold must be an id such as .*, a uuid.UUID, or an object that has one as its id, not 17 \(int\)"),
    ("a request that is no id", lambda e: e.hold("Hall-A-1", holder="c", request="1"), ValueError,
     "request is '1'; it must be an id"),
    ("tickets that are a list", lambda e: e.quote(ticketcore.new_request_id(), ["adult"]), TypeError,
     r"tickets must be a mapping such as \{'adult': 2"),
    ("a ticket type that is a number", lambda e: e.quote(ticketcore.new_request_id(), {1: 1}), TypeError,
     "tickets must be a mapping"),
    ("tickets counted in text", lambda e: e.quote(ticketcore.new_request_id(), {"adult": "2"}), TypeError,
     r"tickets\['adult'\] must be an int, not '2' \(str\)"),
    ("an amount that is a float",
     lambda e: e.check_out(ticketcore.new_request_id(), amount=317.0, method="card"), TypeError,
     r"amount must be a Decimal, str or int, since a float can't hold money exactly, not 317.0 \(float\)"),
    ("an amount with too many decimals",
     lambda e: e.check_out(ticketcore.new_request_id(), amount="317.001", method="card"), ValueError,
     'amount: "317.001" is no amount of UAH'),
    ("an amount that is infinite",
     lambda e: e.check_out(ticketcore.new_request_id(), amount=Decimal("inf"), method="card"), ValueError,
     "finite amount"),
    ("a currency that is none",
     lambda e: e.check_out(ticketcore.new_request_id(), amount=1, currency="euro", method="card"), ValueError,
     "currency is 'euro'; it must be a code of ISO 4217"),
    ("tickets of no order", lambda e: e.refund(ticketcore.new_request_id(), ["x"]), ValueError,
     r"tickets\[0\] is 'x'; it must be a ticket's id"),
    ("no tickets to refund", lambda e: e.refund(ticketcore.new_request_id(), []), ValueError,
     r"tickets is \[\]; it must be at least one ticket, or None for all that are left"),
    ("a code in bytes", lambda e: e.check_in(b"TC1:", gate="north"), TypeError, "code must be a str"),
    ("an unknown price list", lambda e: e.configure(prices={"parquet": {}}), TypeError,
     "prices must be a PriceList such as"),
    ("a time that is text", lambda e: e.configure(starts_at="tomorrow"), TypeError,
     r"starts_at must be a datetime with a time zone, not 'tomorrow' \(str\)"),
    ("a time without a zone", lambda e: e.configure(starts_at=datetime(2027, 1, 31)), ValueError,
     r"starts_at is datetime.datetime\(2027, 1, 31, 0, 0\); it must be a datetime with a time zone"),
    ("a zone that nobody has", lambda e: e.configure(time_zone="Europe/Atlantis"), ValueError,
     "no time zone .*such as Europe/Kyiv"),
    ("a zone that is a path", lambda e: e.configure(time_zone="../../etc/passwd"), ValueError,
     "no time zone .*such as Europe/Kyiv"),
    ("a time before time", lambda e: e.configure(starts_at=datetime(1969, 1, 1, tzinfo=timezone.utc)),
     ValueError, "in 1970 or later"),
    ("a status of no place", lambda e: e.availability().status("Hall-Z-1"), KeyError, "Hall-Z-1"),
    ("an area of no map", lambda e: e.availability().area("Hall-A-1"), KeyError, "Hall-A-1"),
    ("a place of no map", lambda e: e.seat_map["Hall-Z-1"], KeyError, "Hall-Z-1"),
    ("a place past the last", lambda e: e.seat_map.places[100], IndexError, "place 100 of 17"),
    ("a log from before it begins", lambda e: e.log(from_revision=-1), ValueError, "from_revision is -1"),
    ("holds that are labels", lambda e: e.hold_many(["Hall-A-1"], holder="c"), TypeError,
     r"places\[0\] must be a tuple or list of labels, not 'Hall-A-1' \(str\)"),
    ("more holds than holders", lambda e: e.hold_many([("Hall-A-1",), ("Hall-A-2",)], holder=["one"]),
     ValueError, r"holder is \['one'\]; it must be a str, or a sequence of 2"),
    ("a price that is a float", lambda e: PriceList("UAH", {"a": {"adult": 0.1}}), TypeError,
     r"prices\['a'\]\['adult'\] must be a Decimal, str or int, since a float"),
    ("prices without types", lambda e: PriceList("UAH", {"a": "1.00"}), TypeError,
     r"prices\['a'\] must be a mapping from ticket types to amounts, not '1.00' \(str\)"),
    ("prices in no currency", lambda e: PriceList("XYZ", {}), ValueError,
     "currency is 'XYZ'; it must be a code of ISO 4217"),
    ("a negative price", lambda e: PriceList("UAH", {"a": {"adult": "-1"}}), ValueError,
     "-1 is negative; it must be zero or more"),
    ("a tax of too many decimals", lambda e: PriceList("UAH", {}, tax_percent="7.255"), ValueError,
     "tax_percent is '7.255'; it must be 0 to 1000, with at most two decimals"),
    ("a policy of nothing", lambda e: ticketcore.SalePolicy(places_per_hold=0), ValueError,
     "places_per_hold is 0; it must be 1 to"),
    ("a URL of another scheme", lambda e: ticketcore.open("mysql://localhost/box"), ValueError,
     '"mysql://..." is nothing that this program can open; '
     "it opens memory:, postgresql://USER@HOST/DATABASE, sqlite:///PATH or the path alone"),
    ("a SQLite URL with two slashes", lambda e: ticketcore.open("sqlite://box.db"), ValueError,
     "three slashes before its path, four before an absolute one"),
    ("a URL of nothing", lambda e: ticketcore.open(""), ValueError,
     '"" names no file; sqlite:///box.db or box.db is one in this folder'),
    ("a SQLite URL of no file", lambda e: ticketcore.open("sqlite:///"), ValueError,
     '"sqlite:///" names no file; sqlite:///box.db or box.db is one in this folder'),
    ("SQLite's name for memory", lambda e: ticketcore.open(":memory:"), ValueError,
     'a store in memory is "memory:", without a name'),
    ("a memory that has a name", lambda e: ticketcore.open("memory:x"), ValueError,
     'a store in memory is "memory:", without a name'),
    ("a path that is SQLite's name for memory", lambda e: ticketcore.SqliteStorage(":memory:"),
     ticketcore.StorageUnavailable, "a store in memory is a MemoryStorage"),
    ("a URL that is a number", lambda e: ticketcore.open(5), TypeError,
     r"url must be a str, a path or a Storage, not 5 \(int\)"),
    ("a key that is a number", lambda e: ticketcore.open("memory:", signing_key=5), TypeError,
     "signing_key must be a SigningKey, or the path of a file for one"),
    ("a trusted key that is text", lambda e: ticketcore.open("memory:", trusted_keys=["k"]), TypeError,
     "trusted_keys must hold VerifyKeys, not 'k'"),
    ("a clock that is a time", lambda e: ticketcore.open("memory:", clock=AT), TypeError,
     "clock must be a function that returns a datetime with a time zone"),
    ("a handler that is text", lambda e: ticketcore.open("memory:", on_trouble="mail"), TypeError,
     "on_trouble must be a function"),
    ("a key of the wrong length", lambda e: ticketcore.VerifyKey("abcd"), ValueError,
     "text is 'abcd'; it must be 64 hexadecimal digits"),
    ("a file that is not there", lambda e: ticketcore.SeatMap.load("none.json"), ticketcore.Error,
     "none.json"),
    ("a chart that is a number", lambda e: ticketcore.SeatMap.load(3), TypeError,
     "path must be a str or a path, not 3"),
    ("an access that is none", lambda e: ticketcore.SqliteStorage("x.db", access="write"), ValueError,
     "access is 'write'; it must be one of 'read_write_create'"),
    ("an empty path", lambda e: ticketcore.SqliteStorage(""), ValueError, "path"),
    ("a section of no builder", lambda e: SeatMapBuilder("m").row("A", section="Hall"), ValueError,
     "section is 'Hall'; it must be the label of a section that the builder was told of"),
    ("a category of no builder", lambda e: SeatMapBuilder("m").row("A", 2, category="gold"), ValueError,
     "category is 'gold'; it must be the key of a category that the builder was told of"),
    ("an aisle before no seat", lambda e: SeatMapBuilder("m").row("A", 2, aisle_before=["9"]), ValueError,
     "aisle_before names '9', which no seat of the row is called; its seats are 1, 2"),
    ("seats that are one text", lambda e: SeatMapBuilder("m").row("A", "123"), TypeError,
     "seats must be a number or a sequence of labels"),
    ("a point of three", lambda e: SeatMapBuilder("m", focal_point=(1, 2, 3)), TypeError,
     r"focal_point must be a pair \(x, y\) of numbers"),
    ("a point that is not a number", lambda e: SeatMapBuilder("m", focal_point=(float("nan"), 0)), ValueError,
     r"focal_point\[0\] is nan; it must be between"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "error", "message"),
    [case[1:] for case in WRONG],
    ids=[case[0].replace(" ", "-") for case in WRONG],
)
def test_what_is_wrong_is_said_with_its_name(
    event: ticketcore.Event, attempt: Attempt, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        attempt(event)
    assert raised.type is error or issubclass(raised.type, error)
    assert re.search(message, str(raised.value)), str(raised.value)
    assert event.availability().counts.free == little_house().capacity


def test_an_event_needs_a_name_that_is_one(office: ticketcore.BoxOffice) -> None:
    with pytest.raises(ValueError, match="event id .* may hold only letters, digits"):
        create_premiere(office, "a night at the opera")
    with pytest.raises(TypeError, match="seat_map must be a SeatMap, not 'opera.json'"):
        chart: Any = "opera.json"
        office.create_event("gala", seat_map=chart, prices=prices(), starts_at=AT)


def test_every_problem_of_a_chart_is_listed() -> None:
    with pytest.raises(ticketcore.SeatMapError) as raised:
        ticketcore.SeatMap.parse(
            '{"format": "ticketcore/seat-map", "version": 1, "name": "x", "categories": [{"key": "a"}],'
            ' "sections": [{"label": "S", "rows": 5}]}'
        )
    assert [where for where, _ in raised.value.problems] == ["/categories/0/color", "/sections/0/rows", "map"]
    assert all(what in str(raised.value) for _, what in raised.value.problems)
    assert isinstance(raised.value, ValueError)


def test_each_reason_has_its_exception() -> None:
    from ticketcore import _core, _errors

    assert set(_errors._classes) == set(ticketcore.Reason)
    assert len(set(_errors._classes.values())) == len(ticketcore.Reason)
    assert all(issubclass(each, ticketcore.Refused) and each.__doc__ for each in _errors._classes.values())
    assert _core.__version__ == ticketcore.__version__
