"""The list of checks: worst first, page by page, and its rows without their models.

Nothing here grows with the number of checks that pass, unless the list is narrowed: then PostgreSQL counts what fits.
A poll without news stops before the days.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse

from checks.catalogue import planned, said, words
from checks.catalogue.filters import (
    ARCHIVED,
    IS_SILENT,
    PLACE_OF_SILENT,
    SHOWING,
    SHOWN_RANK,
    STORED_RANK,
    TABLE,
    TABLES,
    Filters,
    Key,
)
from checks.catalogue.models import Check
from checks.catalogue.states import WORST_FIRST, State, Word, is_own_outage
from checks.rollups.day_lines import NO_DAY, DayLine, day_lines
from incidents.alerts import mutes
from incidents.alerts.mutes import Muted
from opsportal.questions import ask_together, planned_once, read_moments, worded
from opsportal.ticker import queries as ticker

PAGE = 100
_STEP = 500

# By what is stored, with those among them that are silent. Few do not pass and hardly any is silent: both stand on an
# index of their own, and what passes is the rest of all (what is archived is paused).
_COUNTS_OF_ALL = f"""
WITH other AS (
  SELECT state, archived_at IS NOT NULL AS archived, count(*) AS number FROM checks_check
  WHERE state <> 'healthy' GROUP BY 1, 2
)
SELECT state, archived, number, 0 FROM other
UNION ALL SELECT 'healthy', FALSE, number - coalesce((SELECT sum(number) FROM other), 0)::bigint,
  (SELECT count(*) FROM {TABLE} WHERE c.silent_from < %(at)s AND {IS_SILENT}) FROM checks_number
"""  # noqa: S608 - our own constants
# The same of those that fit: their rows are read, so each is asked as little as possible.
_COUNTS = f"""
SELECT c.state, c.archived_at IS NOT NULL AS archived, count(*), count(*) FILTER (WHERE {IS_SILENT})
FROM {{tables}} WHERE {{conditions}} GROUP BY 1, 2
"""  # noqa: S608 - our own constants
# xmin is PostgreSQL's own version of a row: it changes with every write, so that a poll knows news without reading all.
_COLUMNS = f"""
c.id, c.xmin::text, d.xmin::text, c.key, c.name, c.kind, c.spec, c.every_seconds, c.severity, {SHOWING},
c.is_canary, c.paused_until, c.domain_id, c.component_id, d.name, d."primary", c.last_run_at, c.last_value,
c.last_error, c.last_latency_ms, c.consecutive_fail, c.rule, c.fail_after, c.of_runs, c.fail_share, c.share_minutes
"""
_ORDER = "{rank}, c.severity, c.name, c.id"
_PAGE = "SELECT {columns} FROM {tables} WHERE {conditions} ORDER BY {order} LIMIT {limit}"
# While some are silent: those that are not in the order that is stored, and those that are, which stand among the ones
# without data. Each half ends early on the index; sorting all by the shown state took ten times as long.
_HALF = """
(SELECT {columns}, {rank}, c.severity, c.name, c.id FROM {tables} WHERE {conditions} ORDER BY {order} LIMIT {limit})
"""
_MIXED = """
SELECT * FROM ({of_stored} UNION ALL {of_silent}) AS one ({names}, rank, by_severity, by_name, by_id)
ORDER BY rank, by_severity, by_name, by_id LIMIT {limit}
"""
_IDS = "SELECT c.id FROM {tables} WHERE {conditions} ORDER BY {order}"
_OF_IDS = f"SELECT {_COLUMNS} FROM {TABLES} WHERE c.id = ANY(%(ids)s)"  # noqa: S608 - our own constants


class Found(NamedTuple):
    """A check's values as they were read, in the order of _COLUMNS."""

    pk: int
    version: str
    domain_version: str
    key: str
    name: str
    kind: str
    stored_spec: str
    every_seconds: int
    severity: str
    state: str
    is_canary: bool
    paused_until: datetime | None
    domain_id: int
    component_id: int | None
    domain: str
    owner: str
    last_run_at: datetime | None
    last_value: float | None
    last_error: str
    last_latency_ms: float | None
    consecutive_fail: int
    rule: str
    fail_after: int
    of_runs: int
    fail_share: int
    share_minutes: int

    @property
    def spec(self) -> Mapping[str, Any]:
        return _spec(self.stored_spec)

    @property
    def url(self) -> str:
        return f"{_list_url()}{self.key}/"

    @property
    def dedup_key(self) -> str:
        """Under which its alerts come."""
        return f"check:{self.key}"

    @property
    def place(self) -> Key:
        return Key(self.state, self.severity, self.pk)


@dataclass(frozen=True, slots=True)
class Whole:
    """A check with its day, for an export."""

    found: Found
    day: DayLine
    is_planned: bool
    is_muted: bool


class Still(NamedTuple):
    """What of a row stays as it is from run to run; drawn once for these values."""

    pk: int
    key: str
    name: str
    kind: str
    state: str
    is_canary: bool
    paused_until: datetime | None
    is_planned: bool
    is_muted: bool
    domain: str
    owner: str

    @property
    def url(self) -> str:
        return f"{_list_url()}{self.key}/"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A check as the list shows it: what stays, and what its last run and its day say.

    The same values are the same row (`_row`), so that what is kept of it is found without comparing all of them.
    """

    still: Still
    result: str
    bound: str
    line: tuple[float | None, ...]
    trend: str
    last_run_at: datetime | None


@lru_cache(maxsize=4096)
def _spec(stored: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(stored)
    return MappingProxyType(found)


@cache
def _list_url() -> str:
    return reverse("checks:list")


@dataclass(frozen=True)
class Canary:
    """A check that says whether our own network works."""

    key: str
    name: str

    @property
    def url(self) -> str:
        return f"{_list_url()}{self.key}/"


@dataclass(frozen=True)
class Look:
    """Everything that decides whether the list has news; its days are not read yet."""

    filters: Filters
    at: datetime
    found: list[Found]
    counts: dict[str, int]
    works: list[planned.Work]
    muted: Muted
    # The canaries, while every one that was heard of late fails: our own network is down.
    outage: list[Canary]
    # Checks ask addresses, and nothing says whether our own network works.
    wants_canary: bool
    # When a worker last finished a batch, once that is too long ago: nothing here is true of now.
    blind_since: datetime | None
    # The key of the next page; None on the last.
    after: Key | None

    @property
    def total(self) -> int:
        """All under the same words; what was put away is not among them."""
        return sum(number for state, number in self.counts.items() if state != ARCHIVED)

    @property
    def fitting(self) -> int:
        """How many the state's filter leaves."""
        return self.counts.get(self.filters.state, 0) if self.filters.state else self.total

    @cached_property
    def tag(self) -> str:
        """Changes when anything the list shows has changed; the line's hours move on even when nothing runs."""
        versions = [(one.pk, one.version, one.domain_version, one.state) for one in self.found]
        works = [(one.maintenance.pk, one.maintenance.title) for one in self.works]
        around = self.muted.tag, self.outage, self.blind_since, self.wants_canary
        said = (versions, sorted(self.counts.items()), works, around, self.after)
        return hashlib.sha256(f"{said} {self.at:%d %H}".encode()).hexdigest()[:16]

    @cached_property
    def rows(self) -> list[Row]:
        """The page's checks with their days: one query more."""
        return _rows(self.found, self)


def look(filters: Filters, at: datetime) -> Look:
    """A page of the list, worst first, with the counts of all states under the same words.

    Three queries, and two more while planned work is under way.
    """
    counts, has_silent = _counts(filters, at)
    found = (_page_with_silent if has_silent else _page)(filters, at)
    works, muted, beat, canaries, unguarded = ask_together(
        planned.any_under_way(at),
        mutes.active_at(at),
        ticker.heartbeat(ticker.CHECKS),
        _canaries().asking(),
        _without_a_canary().asking(),
    )
    return Look(
        filters=filters,
        at=at,
        found=found[:PAGE],
        counts=counts,
        works=planned.of_any(works, at),
        muted=mutes.of_active(muted),
        outage=_own_outage(canaries, at),
        wants_canary=bool(unguarded),
        blind_since=ticker.silence(beat, at),
        after=found[PAGE - 1].place if len(found) > PAGE else None,
    )


def matching(filters: Filters, at: datetime) -> list[int]:
    """The numbers of all that the filters let through, worst first."""
    _, has_silent = _counts(filters, at)
    rank = SHOWN_RANK if has_silent else STORED_RANK
    conditions, values = filters.conditions(rank, at)
    sql = _IDS.format(tables=TABLES, conditions=conditions, order=_ORDER.format(rank=rank))
    return [row[0] for row in _asked(sql, values)]


def everything(filters: Filters, at: datetime) -> Iterator[Whole]:
    """All that the filters let through, in small steps: an export never holds all of them."""
    works, muted, ids = planned.under_way(at), mutes.muted(at), matching(filters, at)
    for start in range(0, len(ids), _STEP):
        step = ids[start : start + _STEP]
        days = day_lines(step, at)
        there = {row[0]: Found(*row) for row in _asked(_OF_IDS, {"ids": step, "at": at})}
        for one in (there[pk] for pk in step if pk in there):
            is_planned = planned.covering(works, one) is not None
            yield Whole(one, days.get(one.pk, NO_DAY), is_planned, muted.covers(one.dedup_key, one.domain_id))


def _counts(filters: Filters, at: datetime) -> tuple[dict[str, int], bool]:
    """How many show which state, and whether any is silent: while none is, the stored state is the shown one."""
    conditions, values = filters.any_state.narrowing()
    sql = _COUNTS.format(tables=TABLES, conditions=" AND ".join(conditions)) if conditions else _COUNTS_OF_ALL
    counts = Counter[str]()
    has_silent = False
    for state, is_archived, number, silent in _asked(sql, {**values, "at": at}):
        counts[ARCHIVED if is_archived else state] += number - silent
        counts[ARCHIVED if is_archived else State.INSUFFICIENT_DATA.value] += silent
        has_silent = has_silent or silent > 0
    return +counts, has_silent


def _page(filters: Filters, at: datetime) -> list[Found]:
    """One page and one check more; the index has the order."""
    conditions, values = filters.conditions(STORED_RANK, at)
    order = _ORDER.format(rank=STORED_RANK)
    sql = _PAGE.format(columns=_COLUMNS, tables=TABLES, conditions=conditions, order=order, limit=PAGE + 1)
    return [Found(*row) for row in _asked(sql, values)]


def _page_with_silent(filters: Filters, at: datetime) -> list[Found]:
    """The same while some are silent."""
    stored, values = filters.conditions(STORED_RANK, at)
    silent, _ = filters.conditions(PLACE_OF_SILENT, at)
    half = partial(_HALF.format, columns=_COLUMNS, tables=TABLES, limit=PAGE + 1)
    sql = _MIXED.format(
        of_stored=half(
            rank=STORED_RANK,
            conditions=f"{stored} AND NOT {IS_SILENT}",
            order=_ORDER.format(rank=STORED_RANK),
        ),
        of_silent=half(
            rank=PLACE_OF_SILENT,
            conditions=f"{silent} AND {STORED_RANK} = {WORST_FIRST.index(State.HEALTHY)} AND {IS_SILENT}",
            order=_ORDER.format(rank=STORED_RANK),
        ),
        names=", ".join(Found._fields),
        limit=PAGE + 1,
    )
    return [Found(*row[: len(Found._fields)]) for row in _asked(sql, values)]


@worded
def _canaries() -> QuerySet[Check, Any]:
    found = Check.objects.canaries().exclude(last_run_at=None).order_by("name")
    return found.values_list("key", "name", "last_ok", "last_run_at", "every_seconds")


@worded
def _without_a_canary() -> QuerySet[Check, Any]:
    return Check.objects.without_a_canary().values_list("pk")[:1]


def _own_outage(canaries: Iterable[tuple[Any, ...]], at: datetime) -> list[Canary]:
    heard = {Canary(key, name): Word(*said) for key, name, *said in canaries}
    return [one for one, word in heard.items() if word.stands(at)] if is_own_outage(heard.values(), at) else []


def _rows(found: Iterable[Found], seen: Look) -> list[Row]:
    days = day_lines([one.pk for one in found], seen.at)
    return [
        _row(
            one,
            days.get(one.pk, NO_DAY),
            is_planned=bool(seen.works) and planned.covering(seen.works, one) is not None,
            is_muted=seen.muted.covers(one.dedup_key, one.domain_id),
        )
        for one in found
    ]


@lru_cache(maxsize=4096)
def _row(one: Found, day: DayLine, *, is_planned: bool, is_muted: bool) -> Row:
    """The words of a check; known again while nothing of it has changed."""
    return Row(
        still=Still(
            pk=one.pk,
            key=one.key,
            name=one.name,
            kind=said.kind(one),
            state=one.state,
            is_canary=one.is_canary,
            paused_until=one.paused_until,
            is_planned=is_planned,
            is_muted=is_muted,
            domain=one.domain,
            owner=one.owner,
        ),
        result=said.result(one),
        bound=said.bound(one, day),
        line=day.line,
        trend=words.trend_of(day.err, day.samples, day.means),
        last_run_at=one.last_run_at,
    )


def _asked(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Few wordings, asked again and again; moments are read in UTC, which is what the connection has."""
    with planned_once() as cursor:
        read_moments(cursor)
        cursor.execute(sql, values)
        return list(cursor.fetchall())
