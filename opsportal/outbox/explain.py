"""Why a message was sent, why it waits, why it was given up: sentences for the screen. Pure but for its types."""

from datetime import datetime

from opsportal.outbox.channels.answer import WORDS
from opsportal.outbox.circuit import Way
from opsportal.outbox.models import Delivery


def why(delivery: Delivery) -> str:
    """What caused it."""
    event = delivery.event or delivery.key
    return f"{delivery.because} (event {event})" if delivery.because else f"Event {event}"


def how(delivery: Delivery, way: Way, *, at: datetime) -> str:
    """Where it stands, and what will happen next."""
    match delivery.state:
        case Delivery.State.SENT:
            return f"Taken {_clock(delivery.sent_at, at)}, {_tries(delivery.attempts)}."
        case Delivery.State.DEAD:
            return f"Given up {_clock(delivery.failed_at, at)} after {_tries(delivery.attempts)}: {_words(delivery)}."
    if delivery.lease_until is not None and delivery.lease_until > at:
        return f"On its way, {_ordinal(delivery.attempts)} try."
    if delivery.lease_until is not None:
        return "Its worker was lost before it could say how it went; it is sent again under the same key."
    return f"{_last_try(delivery)}{_next(delivery, way, at)}"


def _last_try(delivery: Delivery) -> str:
    if not delivery.attempts:
        return ""
    return f"{_ordinal(delivery.attempts).capitalize()} try failed: {_words(delivery)}. "


def _next(delivery: Delivery, way: Way, at: datetime) -> str:
    if way.open_until is not None and delivery.due_at <= at:
        until = (
            f"until {_clock(way.open_until, at).removeprefix('at ')}"
            if way.is_open(at)
            else "while one message tries it"
        )
        return f"Waits because the way out is closed {until}: {WORDS.get(way.last_error, way.last_error)}."
    if delivery.due_at <= at:
        is_written = delivery.priority == Delivery.Priority.WRITTEN
        if way.is_spent(at, is_written=is_written):
            return f"Waits for the next minute: the budget of {way.per_minute} a minute is used up."
        return "Waits for a worker."
    if not delivery.attempts:
        return f"Leaves {_clock(delivery.due_at, at)}."
    return f"Next try {_clock(delivery.due_at, at)}, given up {_clock(delivery.gives_up_at, at)}."


def _words(delivery: Delivery) -> str:
    return WORDS.get(delivery.last_error, delivery.last_error or "no reason noted")


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _ordinal(count: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(count, f"{count}th")


def _clock(when: datetime | None, at: datetime) -> str:
    if when is None:
        return "at an unknown time"
    return f"at {when:%H:%M}" if when.date() == at.date() else f"on {when.day} {when:%b} at {when:%H:%M}"
