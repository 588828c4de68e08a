"""Weeks of checks, of domains and of the house, from the week buckets, with what people did beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import TruncWeek

from checks.catalogue.models import Check
from checks.trends import evidence, isoweek
from checks.trends.evidence import NO_WEEK, Move, Week
from incidents.alerts.models import Alert
from incidents.changes.models import Change
from incidents.metrics import queries as metrics
from incidents.metrics.figures import WeekOf
from incidents.obligations import queries as obligations
from incidents.ownership.models import Domain
from incidents.response import queries as response
from incidents.response.models import Incident
from opsportal.models import User

WINDOWS = (12, 52)
_ROWS = """
SELECT check_id, (date_part('epoch', bucket - %(first)s) / 604800)::int, ok, err, expected - maint,
       p50_ms, p95_ms, p95_low_ms, p95_high_ms
FROM checks_bucket_w WHERE check_id = ANY(%(ids)s) AND bucket >= %(first)s AND bucket < %(end)s
"""


@dataclass(frozen=True)
class CheckTrend:
    """One check over the weeks, oldest first, and what changed beyond chance in the newest."""

    pk: int
    key: str
    name: str
    domain: str
    owner: str
    weeks: Sequence[Week]
    moves: Sequence[Move]

    @property
    def now(self) -> Week:
        return self.weeks[-1]

    @property
    def before(self) -> Week:
        return self.weeks[-2] if len(self.weeks) > 1 else NO_WEEK

    @property
    def words(self) -> str:
        """What changed, or why nothing is said."""
        return ". ".join(one.words for one in self.moves) or evidence.why_not(self.before, self.now)

    @property
    def worst(self) -> Move | None:
        return next((one for one in self.moves if one.is_worse), None)


@dataclass(frozen=True)
class Noise:
    """Alerts of a week, and those that ended by themselves before anybody took them."""

    fired: int = 0
    unheard: int = 0


@dataclass(frozen=True)
class Late:
    """Duties of a week that were due, and those that were late."""

    due: int = 0
    late: int = 0


@dataclass(frozen=True)
class WeekLine:
    """Everything that is known of one week."""

    start: datetime
    runs: Week
    incidents: WeekOf
    noise: Noise
    deploys: int
    # Of the house alone: duties have no domain.
    late: Late | None

    @property
    def name(self) -> str:
        return isoweek.name(self.start)


@dataclass(frozen=True)
class Trends:
    """So many closed weeks of a check, of a domain or of the house, with the checks in it, worst moves first."""

    number: int
    check: Check | None
    domain: Domain | None
    lines: Sequence[WeekLine]
    checks: Sequence[CheckTrend]
    moves: Sequence[Move]
    words: str

    @property
    def title(self) -> str:
        if self.check is not None:
            return self.check.name
        return self.domain.name if self.domain is not None else "The house"


def trends(
    number: int, *, at: datetime, check: Check | None = None, domain: Domain | None = None, person: User | None = None
) -> Trends:
    """The last closed weeks. Incidents are those that this person may see; without a person no security incident."""
    mondays = isoweek.closed(at, number)
    checks = of_checks(mondays, check=check, domain=domain)
    own = check.domain if check is not None else domain
    whole = [evidence.total([one.weeks[place] for one in checks]) for place in range(number)]
    if check is not None and checks:
        whole = list(checks[0].weeks)
    moves = checks[0].moves if check is not None and checks else evidence.compare(*whole[-2:])
    lines = _lines(mondays, whole, own, person)
    words = ". ".join(one.words for one in moves) or evidence.why_not(*whole[-2:])
    return Trends(number, check, domain, lines, sorted(checks, key=_worst_first), moves, words)


def _worst_first(one: CheckTrend) -> tuple[bool, float, bool, str]:
    return one.worst is None, -one.worst.weight if one.worst else 0.0, not one.moves, one.name


def of_checks(
    mondays: Sequence[datetime], *, check: Check | None = None, domain: Domain | None = None
) -> list[CheckTrend]:
    """Every check that counts, with each of these weeks; two queries however many there are."""
    rows = Check.objects.counted()
    rows = rows.filter(pk=check.pk) if check is not None else rows.filter(domain=domain) if domain is not None else rows
    named = list(rows.order_by("name", "pk").values_list("pk", "key", "name", "domain__slug", "domain__primary"))
    known = _weeks([row[0] for row in named], mondays)
    return [CheckTrend(*row, known[row[0]], evidence.compare(*known[row[0]][-2:])) for row in named]


def _weeks(ids: list[int], mondays: Sequence[datetime]) -> Mapping[int, Sequence[Week]]:
    """The weeks of each check, oldest first; those without a row are empty."""
    found = {one: [NO_WEEK] * len(mondays) for one in ids}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"ids": ids, "first": mondays[0], "end": mondays[-1] + isoweek.WEEK})
        for check_id, place, *figures in cursor.fetchall():
            found[check_id][place] = Week(*figures)
    return found


def _lines(
    mondays: Sequence[datetime], whole: Sequence[Week], domain: Domain | None, person: User | None
) -> list[WeekLine]:
    start, end = mondays[0], mondays[-1] + isoweek.WEEK
    seen = Incident.objects.visible_to(person) if person else Incident.objects.exclude(nature=Incident.Nature.SECURITY)
    seen = seen.filter(domain=domain) if domain is not None else seen
    incidents = metrics.weekly(seen, start, len(mondays))
    noise, deploys = _noise(start, end, domain), _deploys(start, end, domain)
    late = _late(start, end) if domain is None else {}
    return [
        WeekLine(
            monday, runs, of_people, noise.get(monday, Noise()), deploys.get(monday, 0),
            late.get(monday, Late()) if domain is None else None,
        )
        for monday, runs, of_people in zip(mondays, whole, incidents, strict=True)
    ]  # fmt: skip


def _noise(start: datetime, end: datetime, domain: Domain | None) -> dict[datetime, Noise]:
    rows = Alert.objects.counted().filter(fired_at__gte=start, fired_at__lt=end)
    rows = rows.filter(domain=domain) if domain is not None else rows
    unheard = Q(acknowledged_at=None, resolved_at__isnull=False)
    weeks = rows.annotate(week=TruncWeek("fired_at")).values("week").order_by("week")
    counted = weeks.annotate(fired=Count("pk"), unheard=Count("pk", filter=unheard))
    return {week: Noise(fired, quiet) for week, fired, quiet in counted.values_list("week", "fired", "unheard")}


def _deploys(start: datetime, end: datetime, domain: Domain | None) -> dict[datetime, int]:
    rows = Change.objects.filter(started_at__gte=start, started_at__lt=end).exclude(result="planned")
    rows = rows.touching(domain) if domain is not None else rows
    weeks = rows.annotate(week=TruncWeek("started_at")).values("week").order_by("week")
    return dict(weeks.annotate(number=Count("pk")).values_list("week", "number"))


def _late(start: datetime, end: datetime) -> dict[datetime, Late]:
    found: dict[datetime, Late] = {}
    for one in obligations.shares(start, end, without=response.rehearsed_labels()):
        week = start.replace(year=one.week.year, month=one.week.month, day=one.week.day)
        before = found.get(week, Late())
        found[week] = Late(before.due + one.total, before.late + one.late)
    return found
