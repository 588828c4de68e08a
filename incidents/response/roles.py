"""Who does what in an incident: take a free role, offer it, answer an offer, lay it down, take over in an emergency.

Lock, require, change, save, record, as everywhere; a hand-over is told to the ops channel in the same transaction.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from incidents.response import queries, seats, timeline
from incidents.response.models import Incident, Seat, TimelineEvent
from incidents.response.seats import Act
from incidents.response.states import IncidentRole, Kind
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.outbox.actions import enqueue, tell_operators
from opsportal.outbox.models import Delivery


@transaction.atomic
def take(incident: Incident, role: str, *, by: User, at: datetime) -> TimelineEvent:
    """Take a role that nobody holds; an offer of it to somebody else lapses."""
    seat = _require(Act.TAKE, incident, role, by)
    return _seat(seat, by, by=by, at=at)


@transaction.atomic
def take_over(incident: Incident, role: str, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Take a role from somebody who does not answer. It needs a reason, and the channel is told."""
    seat = _require(Act.TAKE_OVER, incident, role, by)
    if not reason.strip():
        raise Refused("REASON_MISSING", f"Say why you take over from {seat.holder}.")
    event = _seat(seat, by, by=by, at=at, text=reason.strip())
    _tell(seat, event, f"{by} took over {seat.title.label.lower()} without an offer", at=at)
    return event


@transaction.atomic
def offer(incident: Incident, role: str, *, to: User, by: User, at: datetime) -> TimelineEvent:
    """Ask somebody to have the role; until they accept, nothing moves."""
    seat = _require(Act.OFFER, incident, role, by)
    if to in (by, seats.holder(seat)):
        raise Refused("NOT_TO_THEM", f"{to} cannot be asked for this: offer it to somebody else.")
    if not seats.is_able(to):
        raise Refused("NOT_A_RESPONDER", f"{to} may not act in incidents. Choose a responder or above.")
    old, seat.offered_to, seat.offered_by = str(seat), to, by
    event = _save(seat, old, by=by, at=at)
    _tell(seat, event, f"{by} offers {seat.title.label.lower()} to {to}, who accepts it in the room", at=at, asked=to)
    return event


@transaction.atomic
def accept(incident: Incident, role: str, *, by: User, at: datetime) -> TimelineEvent:
    """Have the role from now on; whoever held it is free of it."""
    seat = _require(Act.ACCEPT, incident, role, by)
    event = _seat(seat, by, by=by, at=at)
    _tell(seat, event, f"{by} has {seat.title.label.lower()} now", at=at)
    return event


@transaction.atomic
def decline(incident: Incident, role: str, *, by: User, at: datetime) -> TimelineEvent:
    """Say no to an offer; the role stays where it is."""
    seat = _require(Act.DECLINE, incident, role, by)
    return _end_offer(seat, by=by, at=at)


@transaction.atomic
def withdraw(incident: Incident, role: str, *, by: User, at: datetime) -> TimelineEvent:
    """Take an offer back before it was answered."""
    seat = _require(Act.WITHDRAW, incident, role, by)
    return _end_offer(seat, by=by, at=at)


@transaction.atomic
def lay_down(incident: Incident, role: str, *, by: User, at: datetime) -> TimelineEvent:
    """Be free of a role; nobody has it then, and the channel is told."""
    seat = _require(Act.LAY_DOWN, incident, role, by)
    event = _seat(seat, None, by=by, at=at)
    _tell(seat, event, f"{by} stepped down as {seat.title.label.lower()}, which is unassigned", at=at)
    return event


@transaction.atomic
def lead_if_nobody_does(incident: Incident, *, by: User, at: datetime) -> None:
    """Whoever declares an incident, or first says that they have it, leads until they hand over."""
    seat = _locked(incident, IncidentRole.COMMANDER)
    if seats.holder(seat) is None:
        _seat(seat, by, by=by, at=at)


def _locked(incident: Incident, role: str) -> Seat:
    """The role as it stands, under the incident's lock: two who want it come one after the other."""
    if role not in set(IncidentRole):
        raise Refused("ROLE_UNKNOWN", "There is no such role in an incident.")
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    found = queries.seats_of(incident).filter(role=role).first() or Seat(role=role)
    found.incident = incident
    return found


def _require(act: Act, incident: Incident, role: str, by: User) -> Seat:
    seat = _locked(incident, role)
    if not seats.is_able(by):
        raise Denied("ROLE_TOO_LOW", "Roles of an incident are for responders and above.")
    if not queries.is_running(seat.incident):
        raise Refused("INCIDENT_RESOLVED", "The incident is resolved. Reopen it first.")
    if act not in seats.open_to(seat, by, is_commander=queries.holds(by, IncidentRole.COMMANDER, seat.incident)):
        raise _refusal(act, seat)
    return seat


def _refusal(act: Act, seat: Seat) -> Refused:
    match act:
        case Act.TAKE:
            return Refused("ROLE_HELD", f"{seat.holder} has {seat.title.label.lower()} already.")
        case Act.OFFER if seat.offered_to:
            return Refused("ALREADY_OFFERED", f"It is offered to {seat.offered_to} already. Withdraw that first.")
        case Act.OFFER:
            return Refused("NOT_YOURS", "A role is offered by its holder, a free one by the commander or an admin.")
        case Act.ACCEPT | Act.DECLINE:
            return Refused("NOT_OFFERED", f"{seat.title.label} is not offered to you, or not any more.")
        case Act.WITHDRAW:
            return Refused("NO_OFFER", "There is no offer here that you could withdraw.")
        case Act.LAY_DOWN:
            return Refused("NOT_HELD", f"You do not have {seat.title.label.lower()}.")
        case Act.TAKE_OVER:
            return Refused("NOT_HELD_BY_ANOTHER", "Nobody else has this role. Take it.")


def _seat(seat: Seat, person: User | None, *, by: User, at: datetime, text: str = "") -> TimelineEvent:
    old, seat.holder = str(seat), person
    seat.offered_to = seat.offered_by = None
    return _save(seat, old, by=by, at=at, text=text)


def _end_offer(seat: Seat, *, by: User, at: datetime) -> TimelineEvent:
    old, seat.offered_to, seat.offered_by = str(seat), None, None
    return _save(seat, old, by=by, at=at)


def _save(seat: Seat, old: str, *, by: User, at: datetime, text: str = "") -> TimelineEvent:
    seat.save()
    return timeline.record(seat.incident, Kind.ROLE, by=by, at=at, old=old, new=str(seat), text=text)


def _tell(seat: Seat, event: TimelineEvent, what: str, *, at: datetime, asked: User | None = None) -> None:
    """The ops channel, and who is asked by mail: names and the room's link, no free text."""
    incident = seat.incident
    key = f"incident:{incident.number}:role:{event.pk}"
    words: dict[str, Any] = {
        "subject": f"{incident.label} {incident.severity}: {what}",
        "body": f"{settings.BASE_URL}{incident.get_absolute_url()}",
        "at": at,
        "because": f"A role in {incident.label} changes hands",
        "priority": Delivery.Priority.WRITTEN,
    }
    tell_operators(key=key, **words)
    if asked and asked.email and settings.EMAIL_CONFIGURED and asked.email not in settings.ALERT_EMAIL:
        channel = Delivery.Channel.EMAIL
        enqueue(key=f"{key}:asked", event=key, channel=channel, destination=asked.email, **words)
