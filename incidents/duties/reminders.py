"""Reminders of duties: whoever answers for the owner before the time, and again when it is late."""

from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction

from incidents.duties.models import Occurrence
from incidents.obligations.models import Obligation, ObligationQuerySet
from incidents.oncall import queries as oncall
from opsportal import turns
from opsportal.models import User
from opsportal.outbox.actions import enqueue, tell_operators
from opsportal.outbox.models import Delivery

_BATCH = 100


class Tell(Protocol):
    """How a person is told, known above: by how many ways; with 0 the account's mail is all there is."""

    def __call__(self, person: User, *, key: str, subject: str, body: str, because: str, at: datetime) -> int: ...


def sweep(*, at: datetime, tell: Tell) -> int:
    """Promise every reminder whose time has come; how many. Idempotent; safe to run concurrently."""
    return sum(turns.each(_due(at)[:_BATCH], lambda one: _remind(one, tell, at=at)))


def _due(at: datetime) -> list[Occurrence]:
    """Those of which somebody is still to be reminded: what is late for long takes nobody's place."""
    reminded = dict(_clocks().values_list("subject", "reminded_at"))
    waiting = Occurrence.objects.open().select_related("duty").order_by("due_at", "pk")
    return [one for one in waiting if one.subject in reminded and _is_due(one, reminded[one.subject], at)]


def _clocks() -> ObligationQuerySet:
    """Those that have not said that it is late."""
    return Obligation.objects.open().filter(kind=Obligation.Kind.DUTY, backup_reminded_at=None)


def _is_due(one: Occurrence, reminded_at: datetime | None, at: datetime) -> bool:
    return one.due_at <= at or (reminded_at is None and one.due_at - timedelta(hours=one.duty.remind_hours) <= at)


@transaction.atomic
def _remind(one: Occurrence, tell: Tell, *, at: datetime) -> int:
    """Once before, once when it is late; both are looked at under the clock's lock."""
    clocks = _clocks().select_for_update(skip_locked=True)
    clock = clocks.filter(subject=one.subject).first()
    if clock is None or not _is_due(one, clock.reminded_at, at):
        return 0
    is_late = one.due_at <= at
    clock.reminded_at = at
    clock.backup_reminded_at = at if is_late else None
    clock.save(update_fields=["reminded_at", "backup_reminded_at"])
    _tell(one, "late" if is_late else "due", tell, at=at)
    return 1


def _tell(one: Occurrence, word: str, tell: Tell, *, at: datetime) -> None:
    duty, who = one.duty, oncall.who(one.duty.owner, at)
    when = f"late since {one.due_at:%d %b %H:%M} UTC" if word == "late" else f"due {one.due_at:%d %b %H:%M} UTC"
    key, subject = f"duty:{one.pk}:{word}", f"{duty.title}: {when}"
    name = f" ({who.name})" if who.name else ", whom nobody holds now"
    body = f"{duty.owner}{name}. {duty.get_evidence_display()} proves it.\n{settings.BASE_URL}{duty.get_absolute_url()}"
    tell_operators(key=key, subject=subject, body=body, at=at, because=f"a duty is {word}")
    if who.person is None:
        return
    own_key, because = f"{key}:person:{who.person.pk}", f"{who.person.username} answers for {duty.owner}"
    told = tell(who.person, key=own_key, subject=subject, body=body, because=because, at=at)
    if not told and who.person.email and settings.EMAIL_CONFIGURED:
        enqueue(
            key=own_key, event=key, channel=Delivery.Channel.EMAIL, destination=who.person.email,
            subject=subject, body=body, at=at, because=because,
        )  # fmt: skip
