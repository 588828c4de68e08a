"""What is owed and what is late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncWeek

from incidents.obligations.models import Obligation, ObligationQuerySet
from opsportal.questions import Asking, OneOf, given, worded


def open_for(subject: str) -> list[Obligation]:
    """All running clocks of one subject, the most urgent first."""
    return _open_for().models(subject=subject)


@worded
def _open_for() -> ObligationQuerySet:
    return Obligation.objects.open().filter(subject=given("subject")).order_by("due_at", "id")


@dataclass(frozen=True, slots=True)
class Due:
    """A running clock as lists show it."""

    kind: str
    due_at: datetime

    @property
    def label(self) -> str:
        return _LABELS[self.kind]


_LABELS = {kind.value: kind.label for kind in Obligation.Kind}


def most_urgent(subjects: Iterable[str]) -> dict[str, Due]:
    """The next running clock of each subject that has one."""
    return of_urgent(urgent(subjects).rows())


def urgent(subjects: Iterable[str]) -> Asking:
    """The same as a question that may be asked beside others; `of_urgent` reads its rows."""
    return _most_urgent().asking(subjects=list(subjects))


def of_urgent(rows: Iterable[tuple[str, str, datetime]]) -> dict[str, Due]:
    """By subject."""
    return {subject: Due(kind, due_at) for subject, kind, due_at in rows}


@worded
def _most_urgent() -> "QuerySet[Obligation, tuple[str, str, datetime]]":
    running = Obligation.objects.open().filter(OneOf("subject", given("subjects"))).order_by("subject", "due_at", "id")
    return running.distinct("subject").values_list("subject", "kind", "due_at")


def late(at: datetime, limit: int = 20) -> list[Obligation]:
    """Running clocks past their time, the latest first."""
    return list(Obligation.objects.late(at).order_by("due_at", "id")[:limit])


def late_by_kind(at: datetime, *, without: Iterable[str] = ()) -> dict[str, float]:
    """How many running clocks of each kind are past their time; zero for kinds without one. `without`: subjects."""
    late = Obligation.objects.late(at).exclude(subject__in=without)
    found = dict(late.order_by().values_list("kind").annotate(number=Count("pk")))
    return {kind: float(found.get(kind, 0)) for kind in Obligation.Kind.values if kind != _PRACTICE}


GRACE = timedelta(minutes=1)
# Steps of drills are timed alike, and are in no figure.
_PRACTICE = Obligation.Kind.DRILL_STEP


@dataclass(frozen=True, slots=True)
class Share:
    """How many duties of a kind were due in a week (from Monday, UTC), and how many of them were settled late."""

    week: date
    kind: str
    late: int
    total: int

    @property
    def on_time(self) -> float:
        """0.75 when one of four was late."""
        return (self.total - self.late) / self.total


def late_of(subject: str, at: datetime, *, kinds: Iterable[str] = Obligation.Kind) -> tuple[int, int]:
    """How many duties of one subject were late, of how many; waived ones are left out, later ones not yet due too."""
    due = _due_by(at).filter(subject=subject, kind__in=list(kinds))
    found = due.aggregate(late=Count("pk", filter=_late(at)), total=Count("pk"))
    return found["late"], found["total"]


def shares(
    since: datetime, at: datetime, *, without: Iterable[str] = (), of: Iterable[str] | None = None
) -> list[Share]:
    """Duties by week and kind, for reviews. `without` are subjects that do not count, such as tests.

    `of` are the only ones that do, such as a domain's incidents.
    """
    due = _due_by(at).filter(due_at__gte=since).exclude(subject__in=without).exclude(kind=_PRACTICE)
    due = due if of is None else due.filter(subject__in=of)
    weeks = due.annotate(week=TruncWeek("due_at", tzinfo=UTC)).values("week", "kind").order_by("week", "kind")
    rows = weeks.annotate(late=Count("pk", filter=_late(at)), total=Count("pk"))
    return [Share(one["week"].date(), one["kind"], one["late"], one["total"]) for one in rows]


def _due_by(at: datetime) -> ObligationQuerySet:
    """Due or settled by then, and not waived."""
    return Obligation.objects.filter(Q(due_at__lte=at) | Q(met_at__lte=at), waived_at=None)


def _late(at: datetime) -> Q:
    """Settled a minute or more after its time, or that long past it and still open: at once is not the same second."""
    return Q(met_at__gt=F("due_at") + GRACE) | Q(met_at=None, due_at__lt=at - GRACE)


# Changes when a clock starts, stops, moves or passes its time: SQL for the tag of a polled part, which must be cheap.
VERSION = """
SELECT concat_ws('-', count(*), max(id), sum(extract(epoch FROM due_at)),
                 count(*) FILTER (WHERE due_at < %(at)s), sum(id) FILTER (WHERE due_at < %(at)s))
FROM incidents_obligation WHERE met_at IS NULL AND waived_at IS NULL
"""
