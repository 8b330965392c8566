"""Exceptions. A business "no" is a subclass of Refused, one for each Reason; what the world does to a store
is an Error."""

from __future__ import annotations

import dataclasses
import enum
from datetime import datetime
from typing import Any


class Error(Exception):
    """The root of all errors that are not a refusal: a store, a file or a key that can't be used."""


class Closed(Error):
    """The box office, or the storage, was closed before."""


class ForkedError(Error):
    """It was opened in the process from which this one was forked. Open one here."""


class StorageError(Error):
    """A store could not do what was asked of it."""


class StorageUnavailable(StorageError):
    """Nothing was written, and the same call may succeed later: busy, disk full, read-only, not reachable."""


class CommitOutcomeUnknown(StorageError):
    """Whether the commit took place is not known. The next turn on the stream finds out."""


class StorageDamaged(StorageError):
    """What was read is not what was written: not our file, cut short, a flipped bit, an entry missing."""


class HistoryReplaced(StorageDamaged):
    """The history that was read is no longer the store's: an entry that is known is missing, or is another
    one, as after a fail-over that lost entries or a restored backup. Forget what was read, and read the log
    from its beginning."""


class StorageNewer(StorageError):
    """Written by a newer version of ticketcore, in a format that this one does not know."""


class SeatMapError(Error, ValueError):
    """A chart that can't be used. It lists every problem found, not just the first."""

    problems: tuple[tuple[str, str], ...]
    """Where (a JSON pointer for files, else a label), and what is wrong there."""

    def __init__(self, message: str, problems: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, problems)
        self.problems = problems

    def __str__(self) -> str:
        return str(self.args[0])


class Reason(str, enum.Enum):
    """Why something was refused. Each is a str, its own name."""

    INVALID_REQUEST = "invalid_request"
    REQUEST_REUSED = "request_reused"
    EVENT_EXISTS = "event_exists"
    EVENT_NOT_FOUND = "event_not_found"
    EVENT_OFF_SALE = "event_off_sale"
    PLACE_UNKNOWN = "place_unknown"
    PLACE_TAKEN = "place_taken"
    AREA_FULL = "area_full"
    NOT_ENOUGH_ADJOINING = "not_enough_adjoining"
    TOO_MANY_PLACES = "too_many_places"
    HOLDER_LIMIT = "holder_limit"
    EVENT_BUSY = "event_busy"
    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_EXPIRED = "hold_expired"
    HOLD_RELEASED = "hold_released"
    HOLD_CHECKED_OUT = "hold_checked_out"
    HOLD_LIFETIME_REACHED = "hold_lifetime_reached"
    NOT_QUOTED = "not_quoted"
    NO_PRICE = "no_price"
    TICKET_CHOICE_MISMATCH = "ticket_choice_mismatch"
    PAYMENT_MISMATCH = "payment_mismatch"
    ORDER_NOT_FOUND = "order_not_found"
    TICKET_NOT_FOUND = "ticket_not_found"
    TICKET_REFUNDED = "ticket_refunded"
    TICKET_ADMITTED = "ticket_admitted"
    CODE_INVALID = "code_invalid"
    CODE_FOR_OTHER_EVENT = "code_for_other_event"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    HALTED = "halted"
    SETTINGS_IN_USE = "settings_in_use"
    PLACES_IN_USE = "places_in_use"

    def __str__(self) -> str:
        return self.value


@dataclasses.dataclass(frozen=True)
class Details:
    """What a program needs to react to a refusal. What does not apply is None, or empty."""

    places: tuple[str, ...] = ()
    """Labels of the places or areas concerned."""
    limit: int | None = None
    """The limit met, or what was expected (money in minor units)."""
    asked: int | None = None
    """What was asked for."""
    available: int | None = None
    """What could be had."""
    at: datetime | None = None
    """When: a deadline, an admission."""
    where: str = ""
    """A gate's name."""
    order: str | None = None
    """The id of the order that a hold became which was checked out."""
    order_number: int | None = None
    """That order's number."""


class Refused(Exception):
    """The box office says no. Its subclasses say why, one for each Reason."""

    reason: Reason
    """Why, as a word for programs."""
    message: str
    """One English sentence with the places, limits and times concerned."""
    details: Details
    """The places, limits and times by themselves."""

    def __init__(self, reason: Reason, message: str, details: Details) -> None:
        super().__init__(reason, message, details)
        self.reason = reason
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: reason, message, and the details that apply."""
        details = {
            name: value
            for name, value in dataclasses.asdict(self.details).items()
            if value not in (None, (), "")
        }
        return {"reason": str(self.reason), "message": self.message, **details}


class InvalidRequest(Refused):
    """The command itself makes no sense, whatever the state."""


class RequestReused(Refused):
    """The request id was used before, for another call or with other arguments."""


class EventExists(Refused):
    """There is an event of this id already."""


class EventNotFound(Refused):
    """There is no event of this id."""


class EventOffSale(Refused):
    """The event is not on sale."""


class PlaceUnknown(Refused):
    """The seat map has no place or area of this label."""


class PlaceTaken(Refused):
    """A place is no longer free. details.places says which."""


SeatTaken = PlaceTaken
"""What people call PlaceTaken, most places being seats."""


class AreaFull(Refused):
    """A standing area has fewer admissions left than were asked for. details.available says how many."""


class NotEnoughAdjoining(Refused):
    """Best available found no block of that size. details.available is the largest there is."""


class TooManyPlaces(Refused):
    """More places than one hold may have. details.limit says how many."""


class HolderLimit(Refused):
    """The holder has as many holds or places as the event allows."""


class EventBusy(Refused):
    """The event has as many open holds as it can remember."""


class HoldNotFound(Refused):
    """There is no such hold."""


class HoldExpired(Refused):
    """The hold ran out before this; its places are free again."""


class HoldReleased(Refused):
    """The hold was released before this."""


class HoldCheckedOut(Refused):
    """The hold was checked out before this, and is an order now: details.order, details.order_number."""


class HoldLifetimeReached(Refused):
    """The hold was extended as far as the event allows. details.at says until when."""


class NotQuoted(Refused):
    """The hold has no price yet."""


class NoPrice(Refused):
    """There is no price for a ticket type in a category."""


class TicketChoiceMismatch(Refused):
    """The tickets chosen don't cover the hold's places."""


class PaymentMismatch(Refused):
    """The payment is not what was quoted."""


class OrderNotFound(Refused):
    """There is no such order."""


class TicketNotFound(Refused):
    """There is no such ticket."""


class TicketRefunded(Refused):
    """The ticket was refunded, and is void."""


class TicketAdmitted(Refused):
    """The ticket was let in before. details.at and details.where say when and at which gate."""


class CodeInvalid(Refused):
    """What was scanned is not a genuine ticket code."""


class CodeForOtherEvent(Refused):
    """The ticket is genuine, and for another event."""


class Unavailable(Refused):
    """The storage can't be used just now. Whether the command took place is not known: repeat it with the
    same request id."""


class Halted(Refused):
    """The event's state contradicts itself; it sells nothing until it is reopened."""


class SettingsInUse(Refused):
    """The currency, and the ticket types there are, stay once places have been held."""


class PlacesInUse(Refused):
    """The seat map that was to replace the event's lacks places that are held or sold: details.places."""


_classes: dict[Reason, type[Refused]] = {
    Reason.INVALID_REQUEST: InvalidRequest,
    Reason.REQUEST_REUSED: RequestReused,
    Reason.EVENT_EXISTS: EventExists,
    Reason.EVENT_NOT_FOUND: EventNotFound,
    Reason.EVENT_OFF_SALE: EventOffSale,
    Reason.PLACE_UNKNOWN: PlaceUnknown,
    Reason.PLACE_TAKEN: PlaceTaken,
    Reason.AREA_FULL: AreaFull,
    Reason.NOT_ENOUGH_ADJOINING: NotEnoughAdjoining,
    Reason.TOO_MANY_PLACES: TooManyPlaces,
    Reason.HOLDER_LIMIT: HolderLimit,
    Reason.EVENT_BUSY: EventBusy,
    Reason.HOLD_NOT_FOUND: HoldNotFound,
    Reason.HOLD_EXPIRED: HoldExpired,
    Reason.HOLD_RELEASED: HoldReleased,
    Reason.HOLD_CHECKED_OUT: HoldCheckedOut,
    Reason.HOLD_LIFETIME_REACHED: HoldLifetimeReached,
    Reason.NOT_QUOTED: NotQuoted,
    Reason.NO_PRICE: NoPrice,
    Reason.TICKET_CHOICE_MISMATCH: TicketChoiceMismatch,
    Reason.PAYMENT_MISMATCH: PaymentMismatch,
    Reason.ORDER_NOT_FOUND: OrderNotFound,
    Reason.TICKET_NOT_FOUND: TicketNotFound,
    Reason.TICKET_REFUNDED: TicketRefunded,
    Reason.TICKET_ADMITTED: TicketAdmitted,
    Reason.CODE_INVALID: CodeInvalid,
    Reason.CODE_FOR_OTHER_EVENT: CodeForOtherEvent,
    Reason.STORAGE_UNAVAILABLE: Unavailable,
    Reason.HALTED: Halted,
    Reason.SETTINGS_IN_USE: SettingsInUse,
    Reason.PLACES_IN_USE: PlacesInUse,
}


def refusal(
    reason: str,
    message: str,
    places: tuple[str, ...],
    limit: int | None,
    asked: int | None,
    available: int | None,
    at: datetime | None,
    where: str,
    order: str | None,
    order_number: int | None,
) -> Refused:
    """The core calls this. A reason that only a newer core knows can't come: both are of one build."""
    known = Reason(reason)
    return _classes[known](
        known, message, Details(places, limit, asked, available, at, where, order, order_number)
    )
