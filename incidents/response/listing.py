"""The list of incidents: what it is narrowed to, its pages by key, and its rows without their models."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from incidents.obligations import queries as obligations
from incidents.obligations.queries import Due
from incidents.response import words
from incidents.response.models import MARKS, Incident, IncidentQuerySet
from incidents.response.states import Severity, Status
from opsportal.models import User
from opsportal.questions import Question, planned_once, worded_by_role
from opsportal.roles import Role

PAGE = 100
EXPORTED = 20_000
_STEP = 1_000
# Words of the filter beside the statuses: both are resolved.
TO_CLOSE, CLOSED = "to_close", "closed"


@dataclass(frozen=True)
class Key:
    """Where a page begins: below this row. New incidents have higher numbers, so no page moves under a reader."""

    number: int
    severity: str = ""  # of an open one; the past is in order of numbers alone

    @classmethod
    def of(cls, text: str) -> "Key | None":
        """SEV-2.118 or 118 as it stands in an address; None for anything else."""
        severity, _, number = text.rpartition(".")
        is_key = number.isascii() and number.isdecimal() and len(number) < 10 and severity in {"", *Severity}
        return cls(int(number), severity) if is_key else None

    def __str__(self) -> str:
        return f"{self.severity}.{self.number}" if self.severity else str(self.number)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; it lives in the URL and nowhere else. The days are those of the start, in UTC."""

    status: str = ""
    severity: str = ""
    domain: str = ""
    source: str = ""
    mode: str = ""
    since: date | None = None
    until: date | None = None
    words: str = ""
    after: Key | None = None

    def address(self, **changed: str) -> str:
        """The same filters as a query string with one thing changed; a page's key is never kept."""
        mine = {**self._named(), "q": self.words}
        return "?" + urlencode({name: value for name, value in {**mine, **changed}.items() if value})

    @property
    def spoken(self) -> str:
        """For the line in the audit log; the words that were looked for are not repeated."""
        asked = " ".join(f"{name}={value}" for name, value in self._named().items() if value)
        return (asked + (" and words" if self.words else ""))[:128]

    def _named(self) -> dict[str, str]:
        """All but the words, by their names in the address."""
        days = {"since": str(self.since or ""), "until": str(self.until or "")}
        return {
            "status": self.status,
            "severity": self.severity,
            "domain": self.domain,
            "source": self.source,
            "mode": self.mode,
            **days,
        }

    @property
    def has_more(self) -> bool:
        """True when a filter is set that stands behind More filters."""
        return bool(self.source or self.mode or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Row:
    """An incident as lists show it."""

    number: int
    title: str
    severity: str
    severity_confirmed: bool
    status: str
    domain: str
    taken_by: str | None
    started_at: datetime
    declared_at: datetime
    resolved_at: datetime | None
    mode: str
    nature: str
    closed_at: datetime | None
    owed: Due | None = None

    def __getitem__(self, name: str) -> object:
        """Templates ask for a key before an attribute; answering at once takes a sixth off a list."""
        return getattr(self, name)

    @property
    def label(self) -> str:
        return f"INC-{self.number}"

    @property
    def url(self) -> str:
        return f"{_list_url()}INC-{self.number}/"

    @property
    def is_open(self) -> bool:
        return self.status != Status.RESOLVED

    @property
    def mark(self) -> str:
        """What it is when it is no usual incident: "Test"."""
        return MARKS[self.mode, self.nature]

    @property
    def stands(self) -> str:
        """The status, or closed once it is."""
        return "closed" if self.closed_at else self.status

    @property
    def waits_for_closing(self) -> bool:
        """Resolved, and nothing is owed any more."""
        return self.stands == Status.RESOLVED and self.owed is None

    @property
    def level(self) -> str:
        """1, 2 or 3 for the colour of an open one's edge."""
        return self.severity[-1:] if self.is_open else ""


COLUMNS = (
    "number", "title", "severity", "severity_confirmed", "status", "domain__name", "acknowledged_by__username",
    "impact_started_at", "declared_at", "resolved_at", "mode", "nature", "closed_at",
)  # fmt: skip


@cache
def _list_url() -> str:
    """A hundred rows need a hundred addresses; resolving each by its name costs more than drawing the row."""
    return reverse("incidents:list")


@dataclass(frozen=True)
class Listing:
    """One page of the list. `after` is the key of the next page, None on the last."""

    rows: list[Row]
    open_count: int
    to_close: int
    total: int
    after: Key | None


def listing(filters: Filters, person: User) -> Listing:
    """Open incidents first, the worst first; then the past, newest first; only what this person may see."""
    values = _page(filters, person)
    shown = values[:PAGE]
    owed = obligations.most_urgent([f"INC-{one[0]}" for one in shown])
    rows = [Row(*(*one, owed.get(f"INC-{one[0]}"))) for one in shown]
    opened, to_close, total = _counts(person)
    return Listing(
        rows=rows,
        open_count=opened,
        to_close=to_close,
        total=total,
        after=_key(rows[-1]) if len(values) > PAGE else None,
    )


def _counts(person: User) -> tuple[int, int, int]:
    """How many are open, resolved and not closed, and known in all, of those that this person may see."""
    with planned_once() as cursor:
        cursor.execute(_COUNTS, {"sees_all": person.has_role(Role.RESPONDER)})
        opened, to_close, total = cursor.fetchone()
        return opened, to_close, total


_COUNTS = f"""
SELECT count(*) FILTER (WHERE status <> '{Status.RESOLVED}'),
       count(*) FILTER (WHERE status = '{Status.RESOLVED}' AND closed_at IS NULL), count(*)
FROM incidents_incident WHERE %(sees_all)s OR nature <> '{Incident.Nature.SECURITY}'
"""  # noqa: S608 - our own constants


def _key(row: Row) -> Key:
    return Key(row.number, row.severity if row.is_open else "")


def _page(filters: Filters, person: User) -> list[tuple[Any, ...]]:
    """The values of one page and of one row more."""
    running: list[tuple[Any, ...]] = []
    if filters.after is None or filters.after.severity:
        running = _question(_running, _running_of_chip, filters, person).ask(most=PAGE + 1)
    if len(running) > PAGE:
        return running
    return running + _question(_past, _past_of_chip, filters, person).ask(most=PAGE + 1 - len(running))


_Values = QuerySet[Incident, tuple[Any, ...]]
_Write = Callable[[User, Filters], _Values]
_Ask = Callable[[User, Filters], Question[Incident]]


def _running(person: User, filters: Filters) -> _Values:
    worst, after = narrowed(filters, person).open().worst_first(), filters.after
    if after:
        worst = worst.filter(Q(severity__gt=after.severity) | Q(severity=after.severity, number__lt=after.number))
    return worst.values_list(*COLUMNS)


_running_of_chip = worded_by_role(_running)


def _past(person: User, filters: Filters) -> _Values:
    past, after = narrowed(filters, person).filter(status=Status.RESOLVED).newest_first(), filters.after
    if after and not after.severity:
        past = past.filter(number__lt=after.number)
    return past.values_list(*COLUMNS)


_past_of_chip = worded_by_role(_past)


def _question(write: _Write, of_chip: _Ask, filters: Filters, person: User) -> Question[Incident]:
    """Kept in words for the chips alone: they are few, and everybody presses the same ones."""
    is_chip = filters == Filters(status=filters.status, severity=filters.severity)
    return of_chip(person, filters) if is_chip else Question(write(person, filters))


def newest(filters: Filters, person: User) -> IncidentQuerySet:
    """Every incident that the filters let through, newest first; for readers who page by themselves."""
    return narrowed(filters, person).with_domain().select_related("acknowledged_by").newest_first()


def everything(filters: Filters, person: User) -> Iterator[Incident]:
    """The same in small steps, up to a bound: an export never holds all of them."""
    rows, below = newest(filters, person), None
    for _ in range(EXPORTED // _STEP):
        step = list((rows.filter(number__lt=below) if below else rows)[:_STEP])
        yield from step
        if len(step) < _STEP:
            return
        below = step[-1].number


def narrowed(filters: Filters, person: User) -> IncidentQuerySet:
    """The incidents that the filters let through and this person may see."""
    wanted: IncidentQuerySet = Incident.objects.visible_to(person)
    if filters.status == "open":
        wanted = wanted.open()
    elif filters.status == TO_CLOSE:
        wanted = wanted.filter(status=Status.RESOLVED, closed_at=None)
    elif filters.status == CLOSED:
        wanted = wanted.exclude(closed_at=None)
    elif filters.status:
        wanted = wanted.filter(status=filters.status)
    if filters.severity:
        wanted = wanted.filter(severity=filters.severity)
    if filters.domain:
        wanted = wanted.filter(domain__slug=filters.domain)
    if filters.source:
        wanted = wanted.filter(source=filters.source)
    if filters.mode:
        wanted = wanted.filter(mode=filters.mode)
    if filters.since:
        wanted = wanted.filter(impact_started_at__gte=_midnight(filters.since))
    if filters.until and filters.until < date.max:  # there is no day after that one
        wanted = wanted.filter(impact_started_at__lt=_midnight(filters.until) + timedelta(days=1))
    return words.matching(wanted, filters.words) if filters.words else wanted


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
