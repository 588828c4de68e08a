"""Pins: the few rows that everybody should see first."""

from datetime import datetime

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import Incident, Pin, TimelineEvent
from opsportal.errors import Refused
from opsportal.models import User

MOST = 5


@transaction.atomic
def pin(event: TimelineEvent, *, by: User, at: datetime) -> Pin:
    """Have the row stand on top for everybody. Safe to run twice."""
    incident = Incident.objects.select_for_update().get(pk=event.incident_id)
    others = Pin.objects.filter(incident=incident).exclude(event=event)
    if others.count() >= MOST:
        raise Refused("PINS_FULL", f"{MOST} rows are pinned already. Unpin one of them first.")
    found, is_new = Pin.objects.get_or_create(
        event=event, defaults={"incident": incident, "pinned_by": by, "pinned_at": at}
    )
    if is_new:
        timeline.touch(incident)
    return found


@transaction.atomic
def unpin(event: TimelineEvent) -> None:
    """Let the row stand in its place alone. Safe to run twice."""
    incident = Incident.objects.select_for_update().get(pk=event.incident_id)
    if Pin.objects.filter(event=event).delete()[0]:
        timeline.touch(incident)
