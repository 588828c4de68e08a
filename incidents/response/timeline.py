"""The timeline: one door for every fact of an incident. Rows are only ever added."""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import F

from incidents.response.models import Incident, Reaction, TimelineEvent, TimelineText
from incidents.response.states import Kind
from opsportal import background
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

# Kinds that rooms above this one react to: what stands in incidents/reactions.py.
REACTING = frozenset(
    {Kind.DECLARED, Kind.STATUS, Kind.SEVERITY, Kind.HEADING, Kind.PUBLIC_UPDATE, Kind.POSTMORTEM, Kind.MERGE}
    | {Kind.NATURE, Kind.ALERT, Kind.ACKNOWLEDGED}
)
# What people do where the work is: in a room that was merged they are sent to the one where it goes on.
_WHERE_WORK_IS = frozenset(
    {Kind.ACKNOWLEDGED, Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.SEVERITY, Kind.ROLE, Kind.CHECKLIST, Kind.IMPACT}
    | {Kind.PUBLIC_UPDATE, Kind.CHANGE, Kind.CLOSED, Kind.HEADING}
)

Source = TimelineEvent.Source


@transaction.atomic
def record(
    incident: Incident,
    kind: str,
    *,
    at: datetime,
    by: User | None = None,
    source: str = "",
    old: str = "",
    new: str = "",
    text: str = "",
    occurred_at: datetime | None = None,
    corrects: TimelineEvent | None = None,
    check_back_at: datetime | None = None,
    about: str = "",
) -> TimelineEvent:
    """Add a fact: the event, its words, the row for those who react, and the room's next version.

    `at` is when it is recorded; `occurred_at` when it happened, if that was earlier. The words pass the guard first.
    Without a `source` it came by the door of the request, the web or the API.
    `corrects` is the earlier event that this one speaks of; `about` what a machine speaks of, such as `check:api`.
    """
    if incident.merged_into is not None and by is not None and kind in _WHERE_WORK_IS:
        raise Refused("INCIDENT_MERGED", f"{incident.label} was merged. Go on in {incident.merged_into.label}.")
    guard.require_clean(text)
    salt = secrets.token_hex(16) if text else ""
    # First, since it locks the room: numbers of its rows are given in the order in which others get to see them.
    touch(incident)
    event = TimelineEvent.objects.create(
        incident=incident,
        kind=Kind(kind),
        source=source or _door(),
        actor=by,
        occurred_at=occurred_at or at,
        recorded_at=at,
        old=old,
        new=new,
        text_digest=digest(salt, text) if text else "",
        corrects=corrects,
        check_back_at=check_back_at,
        about=about,
    )
    if text:
        TimelineText.objects.create(event=event, salt=salt, body=text)
    if event.kind in REACTING:
        Reaction.objects.create(event=event)
        background.after_commit("incidents.react", event_id=event.pk)
    return event


def _door() -> str:
    return Source.API if audit.door() == AuditEvent.Source.API else Source.WEB


def digest(salt: str, body: str) -> str:
    """SHA-256 of salt and words: proof of what stood there that survives a redaction."""
    return hashlib.sha256(f"{salt}{body}".encode()).hexdigest()


def touch(incident: Incident) -> None:
    """Let open rooms look again: something that they show beside the timeline has changed."""
    Incident.objects.filter(pk=incident.pk).update(version=F("version") + 1)
    incident.refresh_from_db(fields=["version"])
