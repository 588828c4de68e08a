"""Which changes an incident suspects. The mark and its line on the timeline are one act."""

from datetime import datetime

from django.db import transaction

from incidents.changes.models import Change, Suspect
from incidents.response import timeline
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Refused
from opsportal.models import User


@transaction.atomic
def mark(incident: Incident, change: Change, *, reason: str, by: User, at: datetime) -> Suspect:
    """Say that the change may be the cause, and why; it stands first in the room."""
    incident = _locked(incident)
    if Suspect.objects.filter(incident=incident, change=change).exists():
        raise Refused("ALREADY_SUSPECT", f"{change.label} is suspected already.")
    event = _record(incident, change, new=f"suspect {change.label}", reason=reason, by=by, at=at)
    return Suspect.objects.create(incident=incident, change=change, event=event)


@transaction.atomic
def clear(incident: Incident, change: Change, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Say that it was not the cause after all, and why; the timeline keeps that it was suspected."""
    incident = _locked(incident)
    suspect = Suspect.objects.filter(incident=incident, change=change).first()
    if suspect is None:
        raise Refused("NOT_SUSPECT", f"{change.label} is not suspected, or not any more.")
    suspect.delete()
    return _record(incident, change, old=f"suspect {change.label}", reason=reason, by=by, at=at)


def _locked(incident: Incident) -> Incident:
    # Without the joined `merged_into`: who waited for the lock would get the joined row as it was before.
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)


def _record(
    incident: Incident, change: Change, *, old: str = "", new: str = "", reason: str, by: User, at: datetime
) -> TimelineEvent:
    if not reason.strip():
        raise Refused("REASON_MISSING", "Say what makes you think so.")
    return timeline.record(
        incident, Kind.CHANGE, by=by, at=at, old=old, new=new, text=reason.strip(), about=f"change:{change.pk}"
    )
