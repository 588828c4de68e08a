"""The incidents of some weeks as figures, in six queries however many there are."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, F, FloatField, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Extract

from incidents.changes import queries as changes
from incidents.changes.queries import Begun
from incidents.metrics import figures
from incidents.metrics.figures import Course, Group, Week, WeekOf
from incidents.obligations.models import Obligation
from incidents.ownership.models import Domain
from incidents.response.models import Incident, IncidentQuerySet
from incidents.statuspage.models import PublicIncident
from opsportal.models import User

WINDOWS = (4, 12, 52)
_PUBLIC = (Obligation.Kind.FIRST_PUBLIC_UPDATE, Obligation.Kind.PUBLIC_UPDATE)
_ROW = ("pk", "number", "mode", "merged_into", "severity_peak", "domain__name")
_MOMENTS = ("impact_started_at", "detected_at", "declared_at", "acknowledged_at", "resolved_at")


@dataclass(frozen=True)
class LeftOut:
    """What the figures are not about, with its numbers."""

    tests: int
    drills: int
    retrospective: int
    merged: int


@dataclass(frozen=True)
class Report:
    """Figures of a window of weeks that ends with the running one."""

    weeks: int
    first: date
    groups: list[Group]
    by_week: list[Week]
    left_out: LeftOut
    changed: Begun

    @property
    def all(self) -> Group:
        return self.groups[0]

    @property
    def strokes(self) -> list[float]:
        """Changes as weeks since the first Monday."""
        start = datetime.combine(self.first, time(), tzinfo=UTC)
        return [(one - start) / timedelta(weeks=1) for one in self.changed.moments]


def report(weeks: int, *, person: User, at: datetime) -> Report:
    """Of the incidents declared in these weeks that this person may see; tests, late ones and merged ones left out."""
    first = figures.first_monday(at.astimezone(UTC).date(), weeks)
    start = datetime.combine(first, time(), tzinfo=UTC)
    window = Incident.objects.visible_to(person).filter(declared_at__gte=start, declared_at__lte=at)
    courses, left_out = _courses(window, at)
    domains = Domain.objects.order_by("position", "name").values_list("name", flat=True)
    return Report(
        weeks=weeks,
        first=first,
        groups=figures.groups(courses, domains),
        by_week=figures.by_week(courses, first, weeks),
        left_out=left_out,
        changed=changes.begun(None, start, at),
    )


def weekly(seen: IncidentQuerySet, start: datetime, weeks: int) -> list[WeekOf]:
    """Each of so many weeks from a Monday on, in figures, of these incidents; judged at the end of the last week."""
    end = start + timedelta(weeks=weeks)
    courses, _ = _courses(seen.filter(declared_at__gte=start, declared_at__lt=end), end)
    return figures.weekly(courses, start.date(), weeks)


def _courses(window: IncidentQuerySet, at: datetime) -> tuple[list[Course], LeftOut]:
    # What was written afterwards says nothing of how soon readers hear.
    told = PublicIncident.objects.published().filter(written_at=None, incident__in=window.values("pk"))
    public = dict(told.values_list("incident", _seconds("first_published_at")))
    promises = _promises(window, at)
    courses: list[Course] = []
    others: Counter[str] = Counter()
    for pk, number, mode, merged_into, severity, domain, *moments in window.values_list(
        *_ROW, *map(_seconds, _MOMENTS)
    ):
        if merged_into is not None or mode != Incident.Mode.STANDARD:
            others["merged" if merged_into is not None else mode] += 1
            continue
        impact, detected, declared, acknowledged, resolved = moments
        promised, kept = promises.get(f"INC-{number}", (0, 0))
        courses.append(
            Course(severity, domain, impact, detected, declared, acknowledged, resolved, public.get(pk), promised, kept)
        )
    left_out = LeftOut(
        tests=others[Incident.Mode.TEST],
        drills=others[Incident.Mode.DRILL],
        retrospective=others[Incident.Mode.RETROSPECTIVE],
        merged=others["merged"],
    )
    return courses, left_out


def _seconds(column: str) -> Cast:
    """The moment as seconds since 1970."""
    return Cast(Extract(column, "epoch"), FloatField())


def _promises(window: IncidentQuerySet, at: datetime) -> dict[str, tuple[int, int]]:
    """For each incident how many public updates were promised, and how many came in time.

    What was waived before its time was no promise any more; waived afterwards it was late.
    """
    label = Concat(Value("INC-"), Cast("number", TextField()), output_field=TextField())
    subjects = window.annotate(subject=label).values("subject")
    judged = Q(met_at__isnull=False) | Q(waived_at__gt=F("due_at")) | Q(met_at=None, waived_at=None, due_at__lt=at)
    rows = (
        Obligation.objects.filter(kind__in=_PUBLIC, subject__in=subjects)
        .values("subject")
        .annotate(promised=Count("pk", filter=judged), kept=Count("pk", filter=Q(met_at__lte=F("due_at"))))
    )
    return {subject: (promised, kept) for subject, promised, kept in rows.values_list("subject", "promised", "kept")}
