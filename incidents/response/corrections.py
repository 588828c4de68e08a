"""Correct the words of a row: a new row says what should have stood there; the old one stays, and can be read."""

from datetime import datetime

from django.db import transaction

from incidents.response import timeline, wording
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

# What a person wrote in their own words. What readers outside saw is corrected by another public update.
CORRECTABLE = frozenset({Kind.DECLARED, Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.SEVERITY, Kind.CHANGE})


def is_correctable(event: TimelineEvent) -> bool:
    """True for a row whose words somebody may correct."""
    return event.kind in CORRECTABLE and bool(event.text_digest)


@transaction.atomic
def correct(event: TimelineEvent, *, text: str, reason: str, seen: int, by: User, at: datetime) -> TimelineEvent:
    """Say what should have stood there and why. `seen` is the newest change of the row that `by` knew of, 0 for none:
    whoever read words that were corrected or removed meanwhile must not write them down again.
    """
    incident = Incident.objects.select_for_update().get(pk=event.incident_id)
    if not is_correctable(event):
        raise Refused("NOT_CORRECTABLE", "The words of this row cannot be corrected. Post a note that says so.")
    words, reason = text.strip(), " ".join(reason.split())
    if not words:
        raise Refused("TEXT_MISSING", "Write what should stand there. To take words away, remove them.")
    if not reason:
        raise Refused("REASON_MISSING", "Say what was wrong.")
    now = wording.of_one(event)
    if now.newest != seen:
        raise Conflict("CHANGED_MEANWHILE", "Somebody corrected or removed these words meanwhile. Look at the row.")
    if words == now.text:
        raise Refused("TEXT_UNCHANGED", "These are the words that stand there.")
    body = f"{reason}\n{words}"
    guard.require_clean(body)
    if event.kind == Kind.DECLARED and incident.summary == now.text:
        # Else it was rewritten in the room since, and says more than the declaration.
        incident.summary = words
        incident.save(update_fields=["summary"])
    return timeline.record(incident, Kind.CORRECTION, by=by, at=at, text=body, corrects=event)
