"""Reminders of duties that belong to no incident: before their time, and once more when they are late.

A reminder is promised once for each time that a duty is due, and only while it runs: both are looked at under its lock,
in the transaction that promises it.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from incidents.obligations import places
from incidents.obligations.models import Obligation
from incidents.obligations.places import Place
from opsportal import turns
from opsportal.outbox.actions import tell_operators

_BATCH = 200


def sweep(at: datetime) -> int:
    """Promise every reminder whose time has come; how many. Idempotent; safe to run concurrently."""
    known = places.every()
    if not known:
        return 0
    due = reduce(or_, (_is_due(kind, place, at) for kind, place in sorted(known.items())))
    rows = Obligation.objects.open().filter(due, backup_reminded_at=None).order_by("due_at", "pk")
    return sum(turns.each(list(rows.values_list("pk", flat=True)[:_BATCH]), lambda pk: _remind(pk, known, at=at)))


def _is_due(kind: str, place: Place, at: datetime) -> Q:
    first = Q(reminded_at=None, due_at__lte=at + place.remind_before)
    return Q(first | Q(due_at__lte=at - place.again_after), kind=kind)


@transaction.atomic
def _remind(pk: int, known: dict[str, Place], *, at: datetime) -> int:
    duty = Obligation.objects.open().select_for_update(skip_locked=True).filter(pk=pk).first()
    if duty is None:
        return 0
    place = known[duty.kind]
    if duty.due_at + place.again_after <= at and duty.backup_reminded_at is None:
        duty.reminded_at, duty.backup_reminded_at, stage = duty.reminded_at or at, at, "late"
    elif duty.reminded_at is None and duty.due_at - place.remind_before <= at:
        duty.reminded_at, stage = at, "before"
    else:
        return 0
    duty.save(update_fields=["reminded_at", "backup_reminded_at"])
    tell_operators(
        key=f"duty:{duty.pk}:{int(duty.due_at.timestamp())}:{stage}",
        subject=f"{duty.get_kind_display()} {duty.subject}: {_when(duty.due_at - at)}",
        body=f"{duty.owner or 'Whoever reads this'}: it is done at\n{settings.BASE_URL}{place.address(duty.subject)}",
        at=at,
        because="A duty is late" if stage == "late" else "A duty is due soon",
    )
    return 1


def _when(left: timedelta) -> str:
    """due in 24 h, 3 d late.

    >>> _when(timedelta(minutes=10)), _when(timedelta(hours=24)), _when(timedelta(hours=-73))
    ('due in 10 min', 'due in 24 h', '3 d late')
    """
    minutes = abs(round(left.total_seconds() / 60))
    hours = round(minutes / 60)
    length = f"{round(hours / 24)} d" if hours >= 48 else f"{hours} h" if minutes >= 60 else f"{minutes} min"
    return f"due in {length}" if left > timedelta() else f"{length} late"
