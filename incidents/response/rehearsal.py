"""The end of a drill's incident: it is over with the drill, whatever was still owed. Nothing of it was real."""

from datetime import datetime

from django.db import transaction

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Status
from opsportal.errors import Refused
from opsportal.models import User

_OVER = "The drill is over."


@transaction.atomic
def end(incident: Incident, *, by: User | None, at: datetime) -> None:
    """Resolve and close it without the gate, and waive what still runs. Safe to run twice."""
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    if not incident.is_drill:
        raise Refused("NO_DRILL", "This is no drill. Resolve and close it in its room.")
    for one in Obligation.objects.open().filter(subject=incident.label).order_by("pk"):
        obligations.waive(one.kind, incident.label, by=by, at=at, reason=_OVER)
    portal = timeline.Source.SYSTEM
    if incident.is_open:
        old, incident.status, incident.resolved_at = incident.status, Status.RESOLVED, at
        incident.save(update_fields=["status", "resolved_at"])
        timeline.record(incident, Kind.STATUS, source=portal, at=at, old=old, new=Status.RESOLVED, text=_OVER)
    if not incident.is_closed:
        incident.closed_at, incident.closed_by = at, by
        incident.save(update_fields=["closed_at", "closed_by"])
        timeline.record(incident, Kind.CLOSED, source=portal, at=at)
