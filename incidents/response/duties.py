"""Two duties that people settle in words: no public impact, and the recovery verified."""

from datetime import datetime

from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind, Status
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

Owed = Obligation.Kind


@transaction.atomic
def say_no_public_impact(incident: Incident, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Nobody outside notices, so the clock of the first public update stops, until it is worse or reopened."""
    incident = _locked(incident)
    reason = guard.require_words(reason, "Say why nobody outside notices.")
    if obligations.waive(Owed.FIRST_PUBLIC_UPDATE, incident.label, by=by, at=at, reason=reason) is None:
        raise Refused("CLOCK_STOPPED", "The clock of the first public update does not run.")
    return timeline.record(
        incident, Kind.DUTY, by=by, at=at, old=Owed.FIRST_PUBLIC_UPDATE, new="no_public_impact", text=reason
    )


@transaction.atomic
def verify_recovery(incident: Incident, *, note: str, by: User, at: datetime) -> TimelineEvent:
    """Somebody has looked after the end, and says at what. A SEV-3 owes no proof, but may have one."""
    incident = _locked(incident)
    note = guard.require_words(note, "Say what you checked.", "TEXT_MISSING")
    if incident.is_open:
        raise Refused("NOT_RESOLVED", "The incident still runs. Its recovery is verified once it is resolved.")
    if incident.is_closed:
        raise Refused("INCIDENT_CLOSED", "The incident is closed. Reopen it first.")
    if _is_verified(incident):
        raise Refused("ALREADY_VERIFIED", "The recovery is verified already.")
    obligations.owe(
        Owed.VERIFICATION, incident.label, due_at=_due(incident) or at, at=at, owner=incident.domain.primary
    )
    obligations.meet(Owed.VERIFICATION, incident.label, at=at)
    return timeline.record(incident, Kind.DUTY, by=by, at=at, old=Owed.VERIFICATION, new="verified", text=note)


def _is_verified(incident: Incident) -> bool:
    """Since somebody said for the last time that it is resolved; when it was over may be earlier."""
    said = incident.timeline.filter(kind=Kind.STATUS, new=Status.RESOLVED).order_by("-id").values("recorded_at")[:1]
    return Obligation.objects.filter(kind=Owed.VERIFICATION, subject=incident.label, met_at__gte=said).exists()


def _due(incident: Incident) -> datetime | None:
    running = Obligation.objects.open().filter(kind=Owed.VERIFICATION, subject=incident.label)
    return running.values_list("due_at", flat=True).first()


def _locked(incident: Incident) -> Incident:
    return Incident.objects.select_for_update().get(pk=incident.pk)
