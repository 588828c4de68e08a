"""The first draft of a report, taken from what the incident's timeline already says."""

from datetime import UTC

from django.db.models import Q, QuerySet

from incidents.postmortems.models import Postmortem, PostmortemLine
from incidents.response import wording
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind, Status
from opsportal.privacy import guard

# What tells the story; ticks, roles and the report's own events do not. A correction shows in the line it corrects.
TELLING = (
    *(Kind.DECLARED, Kind.ACKNOWLEDGED, Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.SEVERITY),
    *(Kind.ALERT, Kind.CHECK, Kind.CHANGE, Kind.PUBLIC_UPDATE, Kind.IMPACT, Kind.MERGE),
)


def texts(incident: Incident) -> dict[str, str]:
    """What can be said already: the summary with its times, the cause as it was found, what ended it. Never a guess."""
    said = _said_on_status(incident)
    identified, mended = (
        said.get(Status.IDENTIFIED, []),
        said.get(Status.MONITORING, []) + said.get(Status.RESOLVED, []),
    )
    return {
        "summary": guard.cleaned("\n".join(filter(None, [f"{incident.title}.", incident.summary, _times(incident)]))),
        "root_cause": guard.cleaned("\n".join(identified)),
        "mitigation": guard.cleaned("\n".join(mended)),
    }


def add_lines(postmortem: Postmortem, *, after: int = 0) -> int:
    """Every telling row up to the end of the incident that the report does not have yet; how many there were."""
    missing = (
        telling(postmortem.incident)
        .filter(pk__gt=after)
        .exclude(pk__in=postmortem.lines.values("event").exclude(event=None))
    )
    rows = [PostmortemLine(postmortem=postmortem, event=event, occurred_at=event.occurred_at) for event in missing]
    return len(PostmortemLine.objects.bulk_create(rows))


def telling(incident: Incident) -> "QuerySet[TimelineEvent]":
    """The rows that belong into a report, in the order in which things happened.

    What was told before somebody said that it is over, and what happened before the end, whenever it was written down.
    """
    events = incident.timeline.filter(kind__in=TELLING)
    if incident.resolved_at is not None:
        ends = incident.timeline.filter(kind=Kind.STATUS, new=Status.RESOLVED).order_by("-id").values("id")[:1]
        events = events.filter(Q(id__lte=ends) | Q(occurred_at__lte=incident.resolved_at))
    return events.order_by("occurred_at", "id")


def _said_on_status(incident: Incident) -> dict[str, list[str]]:
    """The words with which the status moved, corrected ones if there are, by the status that it moved to."""
    moves = dict(incident.timeline.filter(kind=Kind.STATUS).order_by("id").values_list("id", "new"))
    said: dict[str, list[str]] = {}
    for event, words in wording.of(moves).items():
        if words.text:
            said.setdefault(moves[event], []).append(words.text)
    return said


def _times(incident: Incident) -> str:
    """
    SEV-1 of Payments, from 9 Nov 06:12 to 9 Nov 06:56 UTC: 44 min.
    """
    start, end = incident.impact_started_at.astimezone(UTC), incident.resolved_at
    if end is None:
        return ""
    minutes = max(1, round((end - start).total_seconds() / 60))
    return (
        f"{incident.severity_peak} of {incident.domain.name}, from {start.day} {start:%b %H:%M} to "
        f"{end.astimezone(UTC).day} {end.astimezone(UTC):%b %H:%M} UTC: {minutes} min."
    )
