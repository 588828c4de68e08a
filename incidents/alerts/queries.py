"""What fires now and what fired before."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, Sum

from incidents.alerts.models import Alert
from incidents.alerts.mutes import Mute
from incidents.response import standing
from incidents.response.models import Incident
from opsportal.models import User

PAGE = 50
AROUND = 12


@dataclass(frozen=True)
class Alerts:
    """Firing alerts, muted ones that go on, and one page of past ones; `older` is the key of the next page."""

    firing: list[Alert]
    muted: list[Alert]
    past: list[Alert]
    older: int | None


def alerts(person: User, *, before: int | None = None) -> Alerts:
    """Firing ones first, each list newest first; only what this person may see."""
    known = (
        Alert.objects.visible_to(person)
        .select_related("domain", "incident", "acknowledged_by")
        .order_by("-fired_at", "-id")
    )
    past = known.exclude(resolved_at=None)
    key = Alert.objects.filter(pk=before).first() if before else None
    if key is not None:
        past = past.filter(fired_at__lte=key.fired_at).exclude(fired_at=key.fired_at, pk__gte=key.pk)
    page = list(past[: PAGE + 1])
    older = page[PAGE - 1].pk if len(page) > PAGE else None
    muted = [] if before else list(known.muted()[:PAGE])
    return Alerts([] if before else firing(person), muted, page[:PAGE], older)


def firing(person: User) -> list[Alert]:
    """All that fire now, newest first."""
    known = Alert.objects.visible_to(person).firing().select_related("domain", "incident", "acknowledged_by")
    return list(known.order_by("-fired_at", "-id")[:PAGE])


def version() -> str:
    """Changes when an alert fires, is seen again, is acknowledged or ends: the cheap tag of the list.

    Every news of one that fires counts in `seen`, whose sum no other alert's later time can hide.
    """
    row = Alert.objects.aggregate(
        newest=Max("id"),
        taken=Max("acknowledged_at"),
        ended=Max("resolved_at"),
        back=Max("recovered_at"),
        firing=Count("id", filter=Q(resolved_at=None)),
        heard=Count("id", filter=Q(resolved_at=None, incident__isnull=False)),
        seen=Sum("seen", filter=Q(resolved_at=None)),
    )
    mutes = Mute.objects.aggregate(newest=Max("id"), ended=Count("ended_at"))
    return "-".join(str(value) for value in [*row.values(), *mutes.values()])


def around(incident: Incident, person: User) -> list[Alert]:
    """Alerts of the incident and of those merged into it, and what fires in its domain; firing first, then newest."""
    known = Alert.objects.visible_to(person).select_related("incident", "acknowledged_by")
    own = Q(incident__in=standing.gathered(incident))
    near = known.filter(own | Q(domain=incident.domain_id, resolved_at=None, incident__isnull=False))
    return list(near.order_by(F("resolved_at").desc(nulls_first=True), "-fired_at", "-id")[:AROUND])


# Changes when an alert fires, is acknowledged or ends: SQL for the tag of a polled part, which must be cheap.
VERSION = """
SELECT concat_ws('-', count(*), max(id), sum(id), count(acknowledged_at)) FROM incidents_alert WHERE resolved_at IS NULL
"""


def last_recovered(person: User) -> datetime | None:
    """When the last alert ended; for the good news of an empty list."""
    ended: datetime | None = Alert.objects.visible_to(person).aggregate(at=Max("resolved_at"))["at"]
    return ended
