"""Remove the words of a row for good. The row, its hash and who removed them stay, and the chain still verifies."""

from datetime import datetime, timedelta

from django.db import transaction

from incidents.obligations.models import Obligation
from incidents.response import checklist, timeline, wording
from incidents.response.models import Incident, TimelineEvent, TimelineText
from incidents.response.states import Kind
from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.roles import Role

# So long a responder may take back what they wrote themselves; after that others may have acted on it.
OWN_WITHIN = timedelta(minutes=15)


def may_redact(event: TimelineEvent, person: User, at: datetime) -> bool:
    """Publishers and admins any words, a responder the own ones for a quarter of an hour. A removal keeps its reason.

    Decision 0016.
    """
    if event.kind == Kind.REDACTION or not event.text_digest:
        return False
    is_own = event.actor_id == person.pk and at - event.recorded_at <= OWN_WITHIN
    return person.has_role(Role.PUBLISHER) or (is_own and person.has_role(Role.RESPONDER))


@transaction.atomic
def redact(event: TimelineEvent, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Delete the words of this row, and their copies in the same room. Corrections are rows of their own.

    Copies outside the room stay (decision 0016 names them).
    """
    incident = Incident.objects.select_for_update().get(pk=event.incident_id)
    if event.kind == Kind.REDACTION:
        raise Refused("NOT_REDACTABLE", "Why words were removed has to stay.")
    if not event.text_digest:
        raise Refused("NO_WORDS", "This row has no words.")
    words = wording.of_one(event)
    if words.removal is not None:
        raise Refused("ALREADY_REMOVED", f"{words.removal.who or 'Somebody'} has removed these words already.")
    if not may_redact(event, by, at):
        raise Denied("NOT_YOURS", "Words of others, and own ones after 15 minutes, are removed by a publisher.")
    reason = reason.strip()
    if not reason:
        raise Refused("REASON_MISSING", "Say why the words have to go, without repeating them.")
    removal = timeline.record(incident, Kind.REDACTION, by=by, at=at, text=reason, corrects=event)
    TimelineText.objects.filter(event=event).delete()
    _clear_summary(incident, words.written.partition("\n")[2] if event.kind == Kind.CORRECTION else words.written)
    _clear_copies(incident, event, words.written)
    audit.record("timeline.redact", by=by.get_username(), object=f"{incident.label} event {event.pk}", reason=reason)
    return removal


def _clear_summary(incident: Incident, words: str) -> None:
    """What the declaration says stands in the incident's head too."""
    if incident.summary and incident.summary == words:
        incident.summary = ""
        incident.save(update_fields=["summary"])


def _clear_copies(incident: Incident, event: TimelineEvent, words: str) -> None:
    """Why a step was left out stands in the checklist too, the chat in the head, why a clock was stopped beside it."""
    for step in incident.checklist.exclude(skip_reason=""):
        if words == checklist.told(step):
            step.skip_reason = ""
            step.save(update_fields=["skip_reason"])
    if event.kind == Kind.IMPACT and incident.channel_url == words:
        incident.channel_url = ""
        incident.save(update_fields=["channel_url"])
    Obligation.objects.filter(subject=incident.label, reason=words).update(reason="")
