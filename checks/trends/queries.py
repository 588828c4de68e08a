"""Weeks of checks, of domains and of the house, from the week buckets, with what people did beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import TruncWeek

from checks.catalogue.models import Check
from checks.trends import annotations, evidence, isoweek
from checks.trends.annotations import Annotations
from checks.trends.evidence import NO_WEEK, Move, Week
from checks.trends.stretch import Stretch
from incidents.alerts.models import Alert
from incidents.changes import queries as changes
from incidents.changes.models import Change
from incidents.metrics import queries as metrics
from incidents.metrics.figures import WeekOf
from incidents.obligations import queries as obligations
from incidents.ownership.models import Domain
from incidents.response import queries as response
from incidents.response.models import Incident, IncidentQuerySet
from opsportal.models import User

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
    # Of a domain those of its incidents and of the changes that touch it, since other duties have none.
    late: Late

    @property
    def name(self) -> str:
        return isoweek.name(self.start)


@dataclass(frozen=True)
class Trends:
    """Some closed weeks of a check, of a domain or of the house, with the checks in it, worst moves first."""

    stretch: Stretch
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
        return self.domain.name if self.domain is not None else "All domains"


def trends(
    stretch: Stretch, *, check: Check | None = None, domain: Domain | None = None, person: User | None = None
) -> Trends:
    """These weeks. Incidents are those that this person may see; without a person no security incident."""
    checks = of_checks(stretch.mondays, check=check, domain=domain)
    own = check.domain if check is not None else domain
    whole = [evidence.total([one.weeks[place] for one in checks]) for place in range(stretch.number)]
    if check is not None and checks:
        whole = list(checks[0].weeks)
    moves = checks[0].moves if check is not None and checks else evidence.compare(*whole[-2:])
    lines = _lines(stretch, whole, own, person)
    words = ". ".join(one.words for one in moves) or evidence.why_not(*whole[-2:], of_many=check is None)
    return Trends(stretch, check, domain, lines, sorted(checks, key=_worst_first), moves, words)


def happened(found: Trends, person: User | None) -> Annotations:
    """What is marked on the charts: the incidents and changes of these weeks that this person may see.

    Without a person no security incident.
    """
    own = found.check.domain if found.check is not None else found.domain
    return annotations.of(found.stretch, _seen(own, person), own)


def _seen(domain: Domain | None, person: User | None) -> IncidentQuerySet:
    seen = Incident.objects.visible_to(person) if person else Incident.objects.exclude(nature=Incident.Nature.SECURITY)
    return seen.filter(domain=domain) if domain is not None else seen


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
    return [CheckTrend(*row, weeks := known[row[0]], evidence.compare(*weeks[-2:])) for row in named]


def _weeks(ids: list[int], mondays: Sequence[datetime]) -> Mapping[int, Sequence[Week]]:
    """The weeks of each check, oldest first; those without a row are empty."""
    found = {one: [NO_WEEK] * len(mondays) for one in ids}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"ids": ids, "first": mondays[0], "end": mondays[-1] + isoweek.WEEK})
        for check_id, place, *figures in cursor.fetchall():
            found[check_id][place] = Week(*figures)
    return found


def _lines(stretch: Stretch, whole: Sequence[Week], domain: Domain | None, person: User | None) -> list[WeekLine]:
    seen = _seen(domain, person)
    incidents = metrics.weekly(seen, stretch.first, stretch.number)
    noise, deploys = _noise(stretch, domain, person), _deploys(stretch, domain)
    late = _late(stretch, domain, person)
    return [
        WeekLine(
            *(monday, runs, of_people, noise.get(monday, Noise()), deploys.get(monday, 0)),
            late.get(monday.date(), Late()),
        )
        for monday, runs, of_people in zip(stretch.mondays, whole, incidents, strict=True)
    ]


def _noise(stretch: Stretch, domain: Domain | None, person: User | None) -> dict[datetime, Noise]:
    secret = Q(incident__nature=Incident.Nature.SECURITY)
    rows = Alert.objects.visible_to(person) if person else Alert.objects.exclude(secret)
    rows = rows.counted().filter(fired_at__gte=stretch.first, fired_at__lt=stretch.end)
    rows = rows.filter(domain=domain) if domain is not None else rows
    unheard = Q(acknowledged_at=None, resolved_at__isnull=False)
    weeks = rows.annotate(week=TruncWeek("fired_at", tzinfo=UTC)).values("week").order_by("week")
    counted = weeks.annotate(fired=Count("pk"), unheard=Count("pk", filter=unheard))
    return {week: Noise(fired, quiet) for week, fired, quiet in counted.values_list("week", "fired", "unheard")}


def _deploys(stretch: Stretch, domain: Domain | None) -> dict[datetime, int]:
    rows = Change.objects.filter(started_at__gte=stretch.first, started_at__lt=stretch.end).exclude(result="planned")
    rows = rows.touching(domain) if domain is not None else rows
    weeks = rows.annotate(week=TruncWeek("started_at", tzinfo=UTC)).values("week").order_by("week")
    return dict(weeks.annotate(number=Count("pk")).values_list("week", "number"))


def _late(stretch: Stretch, domain: Domain | None, person: User | None) -> dict[date, Late]:
    """Of this domain's incidents and changes alone, or of everything that counts and that this person may see."""
    of = None
    if domain is not None:
        of = response.labels(_seen(domain, person)).union(changes.labels(Change.objects.touching(domain)))
    found: dict[date, Late] = {}
    for one in obligations.shares(stretch.first, stretch.end, without=response.uncounted_labels(person), of=of):
        before = found.get(one.week, Late())
        found[one.week] = Late(before.due + one.total, before.late + one.late)
    return found
