"""How fast incidents are seen, taken, told and ended: the arithmetic alone, without a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

# Below so many values a median, and a 90th percentile, says more about chance than about the team.
MEDIAN_FROM = 5
P90_FROM = 10
_WEEK = 7 * 86_400
SEVERITIES = ("SEV-1", "SEV-2", "SEV-3")


@dataclass(frozen=True, slots=True)
class Course:
    """One incident: how bad it was at its worst, whose it is, when what happened, and what readers were promised.

    Moments are seconds since 1970: thousands of rows are read for one screen, and making datetimes takes most of it.
    """

    severity: str
    domain: str
    impact_started_at: float
    detected_at: float
    declared_at: float
    acknowledged_at: float | None = None
    resolved_at: float | None = None
    first_public_at: float | None = None
    promised: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Measure:
    """A length of time between two moments of an incident, with the formula as people read it."""

    key: str
    name: str
    formula: str
    start: str
    end: str

    def seconds(self, course: Course) -> float | None:
        """None while one of the moments is missing; clocks that disagree by a moment make no negative time."""
        start, end = getattr(course, self.start), getattr(course, self.end)
        return max(0.0, end - start) if start is not None and end is not None else None


MEASURES = (
    Measure("mttd", "Time to detect", "MTTD = detected - impact start", "impact_started_at", "detected_at"),
    Measure("mtta", "Time to acknowledge", "MTTA = acknowledged - detected", "detected_at", "acknowledged_at"),
    Measure("mttr", "Time to resolve", "MTTR = resolved - detected", "detected_at", "resolved_at"),
    Measure("first_public", "First public update", "first public update - detected", "detected_at", "first_public_at"),
)
ON_TIME = "updates met by their time / updates promised"


@dataclass(frozen=True)
class Summary:
    """n values in two numbers of seconds; None where n is too small to say."""

    n: int
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class Kept:
    """Public updates that came in time, of those promised."""

    kept: int
    promised: int

    @property
    def share(self) -> float | None:
        """None where too few were promised to say."""
        return self.kept / self.promised if self.promised >= MEDIAN_FROM else None

    @property
    def percent(self) -> str:
        """92 %, rounded down, so that 100 % means all of them; empty where there are too few."""
        return "" if self.share is None else f"{int(self.share * 100)} %"


@dataclass(frozen=True)
class Group:
    """Some of the incidents in figures: all, one severity or one domain."""

    kind: str
    name: str
    n: int
    kept: Kept
    by_measure: dict[str, Summary] = field(default_factory=dict)


@dataclass(frozen=True)
class Week:
    """A week by its Monday: how many were SEV-1 or SEV-2, and how many SEV-3."""

    monday: date
    by_severity: dict[str, int]

    @property
    def worse(self) -> int:
        return self.by_severity["SEV-1"] + self.by_severity["SEV-2"]

    @property
    def total(self) -> int:
        return sum(self.by_severity.values())


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies, between the two nearest ones (as PostgreSQL's percentile_cont).

    >>> quantile([10, 20, 30, 40], 0.5)
    25.0
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def summary(values: Sequence[float]) -> Summary:
    """Never a mean alone, and nothing at all of too few."""
    n = len(values)
    return Summary(
        n=n,
        median=quantile(values, 0.5) if n >= MEDIAN_FROM else None,
        p90=quantile(values, 0.9) if n >= P90_FROM else None,
    )


def groups(courses: Sequence[Course], domains: Iterable[str]) -> list[Group]:
    """All of them, then each severity, then each domain, also those without any."""
    timed = [(one, [measure.seconds(one) for measure in MEASURES]) for one in courses]
    return [
        _group("all", "All", timed),
        *(_group("severity", name, [one for one in timed if one[0].severity == name]) for name in SEVERITIES),
        *(_group("domain", name, [one for one in timed if one[0].domain == name]) for name in domains),
    ]


def _group(kind: str, name: str, timed: Sequence[tuple[Course, list[float | None]]]) -> Group:
    return Group(
        kind=kind,
        name=name,
        n=len(timed),
        kept=Kept(sum(one.kept for one, _ in timed), sum(one.promised for one, _ in timed)),
        by_measure={
            measure.key: summary([taken for _, all_taken in timed if (taken := all_taken[place]) is not None])
            for place, measure in enumerate(MEASURES)
        },
    )


def first_monday(today: date, weeks: int) -> date:
    """Where a window of so many weeks begins that ends with the running one.

    >>> first_monday(date(2026, 11, 21), 4)
    datetime.date(2026, 10, 26)
    """
    return today - timedelta(days=today.weekday(), weeks=weeks - 1)


def by_week(courses: Iterable[Course], first: date, weeks: int) -> list[Week]:
    """Each week of the window, also the quiet ones."""
    found = [dict.fromkeys(SEVERITIES, 0) for _ in range(weeks)]
    start = datetime.combine(first, time(), tzinfo=UTC).timestamp()
    for one in courses:
        place = int((one.declared_at - start) // _WEEK)
        if 0 <= place < weeks:
            found[place][one.severity] += 1
    return [Week(first + timedelta(weeks=place), counts) for place, counts in enumerate(found)]


@dataclass(frozen=True)
class WeekOf:
    """A week's incidents in figures: how many of which severity, medians in seconds with n, updates kept."""

    monday: date
    by_severity: dict[str, int]
    mtta: Summary
    mttr: Summary
    kept: Kept

    @property
    def total(self) -> int:
        return sum(self.by_severity.values())


def weekly(courses: Iterable[Course], first: date, weeks: int) -> list[WeekOf]:
    """Each week in figures, also the quiet ones. It has few incidents: a median stands from one on, beside its n."""
    start = datetime.combine(first, time(), tzinfo=UTC).timestamp()
    found: list[list[Course]] = [[] for _ in range(weeks)]
    for one in courses:
        place = int((one.declared_at - start) // _WEEK)
        if 0 <= place < weeks:
            found[place].append(one)
    return [_week_of(first + timedelta(weeks=place), own) for place, own in enumerate(found)]


def _week_of(monday: date, own: Sequence[Course]) -> WeekOf:
    taken = {one.key: [seconds for course in own if (seconds := one.seconds(course)) is not None] for one in MEASURES}
    return WeekOf(
        monday=monday,
        by_severity={name: sum(one.severity == name for one in own) for name in SEVERITIES},
        mtta=_few(taken["mtta"]),
        mttr=_few(taken["mttr"]),
        kept=Kept(sum(one.kept for one in own), sum(one.promised for one in own)),
    )


def _few(values: Sequence[float]) -> Summary:
    return Summary(n=len(values), median=quantile(values, 0.5) if values else None)
