"""A ticket shop's API in one file: uvicorn server:app

Needs fastapi and uvicorn. BOX_OFFICE says where the log is kept (default sqlite:///shop.db). All calls of all
requests share turns, and with them commits.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import ticketcore
import ticketcore.aio

HOUSE = Path(__file__).resolve().parent.parent / "venues" / "opera_house.json"
PRICES = {"adult": "1200.00", "child": "600.00"}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    url = os.environ.get("BOX_OFFICE", "sqlite:///shop.db")
    async with ticketcore.aio.open(url, signing_key=os.environ.get("GATE_KEY", "gate.key")) as office:
        if "gala-2027" not in await office.events():
            from datetime import datetime, timezone

            house = ticketcore.SeatMap.load(HOUSE)
            await office.create_event(
                "gala-2027",
                name="Gala night",
                seat_map=house,
                prices=ticketcore.PriceList("UAH", {category.key: PRICES for category in house.categories}),
                starts_at=datetime(2027, 1, 31, 17, 30, tzinfo=timezone.utc),
            )
        app.state.office = office
        yield


app = FastAPI(title="Tickets", lifespan=lifespan)


@app.exception_handler(ticketcore.Refused)
async def refused(request: Request, no: ticketcore.Refused) -> JSONResponse:
    """A no of the box office is a conflict with what others did; the reason is a word for programs."""
    status = {
        "event_not_found": 404,
        "order_not_found": 404,
        "hold_not_found": 404,
        "invalid_request": 422,
        "storage_unavailable": 503,
    }.get(no.reason, 409)
    return JSONResponse(
        {key: str(value) if key == "at" else value for key, value in no.to_dict().items()}, status_code=status
    )


@app.exception_handler(ValueError)
async def mistaken(request: Request, error: ValueError) -> JSONResponse:
    """What the library says of an argument names it, and says what would be right."""
    return JSONResponse({"reason": "invalid_request", "message": str(error)}, status_code=422)


async def event_of(request: Request, event_id: str) -> ticketcore.aio.Event:
    office: ticketcore.aio.BoxOffice = request.app.state.office
    return await office.event(event_id)


Event = Annotated[ticketcore.aio.Event, Depends(event_of)]


class Wish(BaseModel):
    holder: str
    places: list[str] = Field(default_factory=list)
    areas: dict[str, int] = Field(default_factory=dict)
    minutes: int = Field(default=10, ge=1, le=60)


class Payment(BaseModel):
    amount: str
    method: str
    reference: str = ""


@app.get("/events/{event_id}")
async def show(event: Event) -> dict[str, Any]:
    counts = event.availability().counts
    return {
        "id": event.id,
        "name": event.name,
        "starts_at": event.starts_at,
        "free": counts.free,
        "prices": event.prices.prices,
        "currency": event.currency,
    }


@app.get("/events/{event_id}/map.svg")
async def picture(event: Event) -> Response:
    return Response(event.availability().svg(), media_type="image/svg+xml")


@app.post("/events/{event_id}/holds", status_code=201)
async def hold(event: Event, wish: Wish) -> dict[str, Any]:
    return (
        await event.hold(
            *wish.places, areas=wish.areas, holder=wish.holder, ttl=timedelta(minutes=wish.minutes)
        )
    ).to_dict()


@app.post("/events/{event_id}/holds/{hold_id}/quote")
async def quote(event: Event, hold_id: str, tickets: Annotated[dict[str, int], Body()]) -> dict[str, Any]:
    return (await event.quote(hold_id, tickets)).to_dict()


@app.post("/events/{event_id}/holds/{hold_id}/order", status_code=201)
async def order(event: Event, hold_id: str, payment: Payment) -> dict[str, Any]:
    placed = await event.check_out(
        hold_id, amount=payment.amount, method=payment.method, reference=payment.reference
    )
    return {**placed.to_dict(), "codes": [ticket.code for ticket in placed.tickets]}


@app.delete("/events/{event_id}/holds/{hold_id}", status_code=204)
async def release(event: Event, hold_id: str) -> None:
    await event.release(hold_id)


@app.get("/events/{event_id}/orders/{order_id}/tickets/{number}.svg")
async def ticket(event: Event, order_id: str, number: int) -> Response:
    found = await event.find_order(order_id)
    if found is None or not 1 <= number <= len(found.tickets):
        raise HTTPException(404)
    return Response(found.tickets[number - 1].svg(), media_type="image/svg+xml")
