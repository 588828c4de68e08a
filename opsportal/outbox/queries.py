"""Reads of the outbox: what waits, for how long, and how it went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from opsportal.outbox.models import Delivery


@dataclass(frozen=True)
class Queue:
    """One row of the queues-and-retries matrix."""

    channel: str
    waiting: int
    retrying: int
    sent: int
    dead: int
    oldest: datetime | None


def oldest_due_seconds() -> float | None:
    """Age of the oldest delivery that should have left by now, in seconds; 0 when none waits."""
    row = Delivery.objects.waiting().filter(due_at__lte=Now()).aggregate(oldest=Now() - Min("due_at"))
    return row["oldest"].total_seconds() if row["oldest"] else 0.0


def queues() -> list[Queue]:
    """Each channel with what waits for its first try, what is tried again, what left and what was given up."""
    rows = Delivery.objects.values("channel").annotate(
        waiting=Count("pk", filter=Q(state=Delivery.State.WAITING, attempts=0)),
        retrying=Count("pk", filter=Q(state=Delivery.State.WAITING, attempts__gt=0)),
        sent=Count("pk", filter=Q(state=Delivery.State.SENT)),
        dead=Count("pk", filter=Q(state=Delivery.State.DEAD)),
        oldest=Min("created_at", filter=Q(state=Delivery.State.WAITING)),
    )
    found = {row["channel"]: row for row in rows}
    return [_queue(label, found.get(value)) for value, label in Delivery.Channel.choices]


def _queue(label: str, row: Mapping[str, Any] | None) -> Queue:
    if row is None:
        return Queue(channel=label, waiting=0, retrying=0, sent=0, dead=0, oldest=None)
    return Queue(**{**row, "channel": label})
