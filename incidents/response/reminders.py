"""Reminders of duties: the holder before the time, the backup after it. A sweep writes them into the outbox.

A reminder is promised once for each time that a duty is due, and only while the duty still runs: both are looked at
under the duty's lock, in the transaction that promises it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from incidents.obligations.models import Obligation
from incidents.obligations.subjects import INCIDENT, incident_of
from incidents.response import policy, seats
from incidents.response.models import Incident, Seat
from incidents.response.policy import Policy
from incidents.response.states import IncidentRole, Severity
from opsportal import turns
from opsportal.models import User
from opsportal.outbox.actions import enqueue, tell_operators
from opsportal.outbox.models import Delivery

Owed = Obligation.Kind
_PUBLIC = (Owed.FIRST_PUBLIC_UPDATE, Owed.PUBLIC_UPDATE)
_BATCH = 200


@dataclass(frozen=True)
class Reminder:
    """Who is reminded of what; `stage` is holder or backup."""

    duty: Obligation
    incident: Incident
    stage: str
    handle: str

    @property
    def key(self) -> str:
        """The same duty, due at the same time, reminds the same stage once."""
        return f"duty:{self.duty.pk}:{int(self.duty.due_at.timestamp())}:{self.stage}"

    def subject(self, at: datetime) -> str:
        """INC-17: public update due in 5 min. No title: it may say more than the channel may know."""
        minutes = round((self.duty.due_at - at).total_seconds() / 60)
        when = f"due in {minutes} min" if minutes > 0 else f"{-minutes} min late" if minutes < 0 else "due now"
        return f"{self.incident.warning}{self.incident.label}: {self.duty.get_kind_display().lower()} {when}"

    @property
    def body(self) -> str:
        who = self.handle or "Nobody holds this. Whoever reads it"
        address = f"{settings.BASE_URL}{self.incident.get_absolute_url()}"
        return f"{who}: do it, or say in the room why it need not be done.\n{address}"


def sweep(at: datetime) -> int:
    """Promise every reminder whose time has come; how many. Idempotent; safe to run concurrently."""
    rules = policy.every()
    return sum(turns.each(_candidates(rules, at), lambda pk: _remind(pk, rules, at=at)))


def _candidates(rules: dict[Severity, Policy], at: datetime) -> list[int]:
    """Duties of incidents that run, within the longest notice, and not told of to both."""
    notice = max(one.remind_before for one in rules.values())
    running = Obligation.objects.open().filter(subject__regex=INCIDENT, due_at__lte=at + notice)
    return list(running.filter(backup_reminded_at=None).order_by("due_at").values_list("pk", flat=True)[:_BATCH])


@transaction.atomic
def _remind(pk: int, rules: dict[Severity, Policy], *, at: datetime) -> int:
    duty = Obligation.objects.open().select_for_update(skip_locked=True).filter(pk=pk).first()
    incident = _incident(duty) if duty else None
    if duty is None or incident is None:
        return 0
    periods = rules[Severity(incident.counts_as)]
    told = []
    if _is_holders_turn(duty, periods.remind_before, at):
        duty.reminded_at = at
        told.append(Reminder(duty, incident, "holder", _holder(duty, incident)))
    if duty.backup_reminded_at is None and duty.due_at + periods.backup_after <= at:
        duty.backup_reminded_at = at
        told.append(Reminder(duty, incident, "backup", incident.domain.backup))
    duty.save(update_fields=["reminded_at", "backup_reminded_at"])
    for one in told:
        _promise(one, at=at)
    return len(told)


def _is_holders_turn(duty: Obligation, before: timedelta, at: datetime) -> bool:
    """Not for what is due the moment it begins: its announcement was the reminder."""
    return duty.reminded_at is None and duty.due_at > duty.created_at and duty.due_at - before <= at


def _holder(duty: Obligation, incident: Incident) -> str:
    """Whoever has the role that does it, else the owner of the duty."""
    wanted = [IncidentRole.COMMANDER]
    if duty.kind in _PUBLIC:
        wanted.insert(0, IncidentRole.COMMUNICATIONS)
    if duty.kind == Owed.CHECK_BACK and duty.owner:
        return duty.owner
    held = {one.role: seats.holder(one) for one in Seat.objects.filter(incident=incident).select_related("holder")}
    return next((f"@{person}" for role in wanted if (person := held.get(role))), duty.owner)


def _promise(one: Reminder, *, at: datetime) -> None:
    tell_operators(key=one.key, subject=one.subject(at), body=one.body, at=at, because=f"{one.stage} of a duty")
    person = User.objects.filter(username=one.handle.removeprefix("@"), is_active=True).exclude(email="").first()
    if person is not None and settings.EMAIL_CONFIGURED:
        enqueue(
            key=f"{one.key}:person:{person.pk}",
            channel=Delivery.Channel.EMAIL,
            destination=person.email,
            event=one.key,
            subject=one.subject(at),
            body=one.body,
            because=f"{person.username} is the {one.stage} of a duty",
            at=at,
        )


def _incident(duty: Obligation) -> Incident | None:
    number = incident_of(duty.subject)
    if number is None:
        return None
    return Incident.objects.select_related("domain").filter(number=number).first()
