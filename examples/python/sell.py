"""Sells two seats from a script: python sell.py [FILE]

The first run makes the file and the event; the next ones go on selling. Run it until the house is full.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import ticketcore

KYIV = ZoneInfo("Europe/Kyiv")


def open_event(office: ticketcore.BoxOffice) -> ticketcore.Event:
    """The event, made where there is none yet."""
    if "gala-2027" in office:
        return office.event("gala-2027")
    here = Path(__file__).resolve().parent
    house = ticketcore.SeatMap.load(here.parent / "venues" / "opera_house.json")
    prices = ticketcore.PriceList(
        "UAH",
        {category.key: {"adult": "1200.00", "child": "600.00"} for category in house.categories},
        per_ticket="15.00",
        tax_percent=20,
    )
    return office.create_event(
        "gala-2027",
        name="Gala night",
        seat_map=house,
        prices=prices,
        starts_at=datetime(2027, 1, 31, 19, 30, tzinfo=KYIV),
    )


def main(file: str) -> None:
    with ticketcore.open(file, signing_key=f"{file}.key") as office:
        gala = open_event(office)
        try:
            hold = gala.hold_best(2, "stalls", "balcony-1", holder="script", ttl=timedelta(minutes=10))
        except ticketcore.NotEnoughAdjoining as refused:
            print(f"No two seats together are left: {refused}")
            return
        quote = gala.quote(hold, {"adult": 1, "child": 1})
        order = gala.check_out(hold, amount=quote.total, method="cash")
        print(f"Order {order.number}: {order.total} {order.currency}, of which tax {order.tax}")
        for ticket in order.tickets:
            picture = Path(f"{file}-{order.number}-{ticket.seat}.svg")
            picture.write_text(ticket.svg(tz=KYIV), encoding="utf-8")
            print(f"  {ticket.place}, {ticket.ticket_type}, {ticket.price}: {picture}")
        counts = gala.availability().counts
        print(f"{counts.free} of {gala.seat_map.capacity} places are left")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "boxoffice.db")
