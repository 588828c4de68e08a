"""What an incident is called and what is seen of it: words that everybody reads first, and that get better with time.

The words before and after lie in the event's text, apart from the row, so that they can be removed; its new value names
what was rewritten, `title` or `summary`, which is a contract.
"""

import hashlib
from datetime import datetime

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

LONGEST = 160
FACTS = ("title", "summary")


def mark(incident: Incident) -> str:
    """What a form carries to know that nobody rewrote either meanwhile."""
    return hashlib.sha256(f"{incident.title}\n{incident.summary}".encode()).hexdigest()[:16]


@transaction.atomic
def rewrite(incident: Incident, *, title: str, summary: str, seen: str, by: User, at: datetime) -> list[TimelineEvent]:
    """Say better what is broken and what is seen; one event for each that is another now, with the words before.

    `seen` is the mark of the words that the person started from: others by now are a Conflict.
    """
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    if seen != mark(incident):
        raise Conflict(
            "HEADING_CHANGED", "Somebody else rewrote this while you were writing. Nothing was saved; both are here."
        )
    new = {"title": " ".join(title.split()), "summary": summary.strip()}
    if not new["title"]:
        raise Refused("TITLE_MISSING", "Give the incident a title.")
    if len(new["title"]) > LONGEST:
        raise Refused("TITLE_TOO_LONG", f"Shorten the title to {LONGEST} characters.")
    old = {fact: str(getattr(incident, fact)) for fact in FACTS}
    changed = [fact for fact in FACTS if old[fact] != new[fact]]
    if not changed:
        raise Refused("HEADING_UNCHANGED", "These are the words that stand there.")
    for fact in changed:
        guard.require_clean(new[fact])
        setattr(incident, fact, new[fact])
    incident.save(update_fields=changed)
    return [_told(incident, fact, old[fact], new[fact], by=by, at=at) for fact in changed]


def _told(incident: Incident, fact: str, old: str, new: str, *, by: User, at: datetime) -> TimelineEvent:
    text = f"Was: {guard.cleaned(old) or 'nothing'}\nNow: {new or 'nothing'}"
    return timeline.record(incident, Kind.HEADING, by=by, at=at, new=fact, text=text)
