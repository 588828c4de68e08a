"""What was changed before an incident: its own window, its suspects first."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from incidents.changes.models import Change, Suspect
from incidents.changes.states import Result
from incidents.response import wording
from incidents.response.models import Incident

WINDOW = timedelta(hours=24)
MOST = 30


@dataclass(frozen=True)
class Row:
    """A change as the room says it. `reason` is why it is suspected, empty when it is not."""

    change: Change
    is_suspect: bool
    reason: str
    is_before: bool


@dataclass(frozen=True)
class Around:
    """The suspects, and the others newest first."""

    suspects: list[Row]
    others: list[Row]
    has_more: bool


def around(incident: Incident) -> Around:
    """What began in the 24 hours before the impact, and since then until it was resolved; what is suspected always."""
    suspects = {one.change_id: one.event_id for one in Suspect.objects.filter(incident=incident).order_by("id")}
    began = incident.impact_started_at
    window = Q(started_at__gte=began - WINDOW) & (Q(domain=incident.domain_id) | Q(domain=None))
    if incident.resolved_at:
        window &= Q(started_at__lte=incident.resolved_at)
    seen = Change.objects.with_domain().newest_first()
    marked = list(seen.filter(pk__in=suspects))
    others = list(seen.filter(window).exclude(pk__in=suspects).exclude(result=Result.PLANNED)[: MOST + 1])
    said = wording.of(suspects.values())

    def row(change: Change) -> Row:
        event = suspects.get(change.pk)
        reason = said[event].text if event else ""
        return Row(change, event is not None, reason, is_before=change.started_at <= began)

    return Around([row(one) for one in marked], [row(one) for one in others[:MOST]], len(others) > MOST)
