"""What is owed and what is late."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from incidents.obligations.models import Obligation


def open_for(subject: str) -> list[Obligation]:
    """All running clocks of one subject, the most urgent first."""
    return list(Obligation.objects.open().filter(subject=subject).order_by("due_at", "id"))


def most_urgent(subjects: Iterable[str]) -> dict[str, Obligation]:
    """The next running clock of each subject that has one."""
    found: dict[str, Obligation] = {}
    for one in Obligation.objects.open().filter(subject__in=list(subjects)).order_by("due_at", "id"):
        found.setdefault(one.subject, one)
    return found


def late(at: datetime, limit: int = 20) -> list[Obligation]:
    """Running clocks past their time, the latest first."""
    return list(Obligation.objects.late(at).order_by("due_at", "id")[:limit])


def due_version(at: datetime) -> str:
    """Changes when a clock starts, stops, moves or passes its time: the cheap tag of a polled part."""
    late = Q(due_at__lt=at)
    row = Obligation.objects.open().aggregate(
        number=Count("id"),
        newest=Max("id"),
        latest=Max("due_at"),
        late=Count("id", filter=late),
        which=Sum("id", filter=late),
    )
    return "-".join(str(value) for value in row.values())
