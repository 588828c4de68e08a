"""Say less in what has not arrived yet: for rooms above whose news turned out to be for few."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from opsportal.outbox.models import Delivery

_NOT_NEEDED = "answered"


@transaction.atomic
def reword(events: Iterable[str], *, subject: str, body: str) -> int:
    """Other words for all that these events, and those below them, caused; how many messages.

    What was given up is among them: it may be replayed. What is on its way keeps its old words for this one try.
    """
    rows = Delivery.objects.filter(_of(events)).exclude(state=Delivery.State.SENT)
    pks = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    return Delivery.objects.filter(pk__in=pks).update(subject=subject[:200], body=body)


@transaction.atomic
def withdraw(events: Iterable[str], which: Q, *, at: datetime) -> int:
    """Give up those of the events' messages that nobody can have read; how many."""
    rows = Delivery.objects.untouched().filter(_of(events)).filter(which)
    return rows.update(state=Delivery.State.DEAD, last_error=_NOT_NEEDED, failed_at=at)


def _of(events: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for event in events:
        found |= Q(event=event) | Q(event__startswith=f"{event}:")
    return found
