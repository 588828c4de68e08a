"""One message to many receivers whom a room above knows: promised in one statement, spread over the budget."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsportal.outbox import ways
from opsportal.outbox.actions import ring
from opsportal.outbox.models import READERS, TRIES_FOR, Delivery
from opsportal.privacy import guard

DESTINATION = "subscriber"
_SUBJECT, _BECAUSE = 200, 200


@dataclass(frozen=True)
class Copy:
    """For one receiver, such as subscriber:42. `place` counts them within one piece of news, from 0."""

    key: str
    recipient: str
    channel: str
    subject: str
    body: str
    place: int = 0


def enqueue(
    copies: Iterable[Copy],
    *,
    event: str,
    because: str,
    at: datetime,
    crowd: str = READERS,
    destination: str = DESTINATION,
) -> None:
    """Promise them in the caller's transaction. The same key again is the same message, not a second one.

    Each crowd leaves by ways of its own; `destination` is what screens show instead of an address.

    Each is due in the minute whose budget can carry it, so that a long queue which moves does not look like one that
    stands. Equal texts are looked through by the guard once.
    """
    words: dict[str, str] = {}
    pace: dict[str, int] = {}
    rows = []
    for copy in copies:
        if copy.channel not in pace:
            pace[copy.channel] = ways.for_crowd(copy.channel, crowd).per_minute
        due = at + timedelta(minutes=copy.place // pace[copy.channel])
        rows.append(
            Delivery(
                key=copy.key,
                event=event,
                because=_clean(because, words)[:_BECAUSE],
                channel=copy.channel,
                destination=destination,
                recipient=copy.recipient,
                route=ways.for_crowd_name(copy.channel, crowd),
                priority=Delivery.Priority.WRITTEN,
                subject=_clean(copy.subject, words)[:_SUBJECT],
                body=_clean(copy.body, words),
                due_at=due,
                give_up_at=due + TRIES_FOR,
            )
        )
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        ring()


def _clean(text: str, known: dict[str, str]) -> str:
    if text not in known:
        known[text] = guard.cleaned(text)
    return known[text]
