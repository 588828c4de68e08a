"""Ninety days of a component as one bar a day, and its uptime, from the stretches of its status."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from incidents.statuspage import rollup
from incidents.statuspage.content import Stretch

DAYS = 90
FORMULA = "1 − (major outage + 0.3 × partial outage) ÷ (observed time − maintenance)"
# A partial outage counts three tenths of its length, as Statuspage counts it; degraded counts as up.
_DOWN = {rollup.MAJOR: 1.0, rollup.PARTIAL: 0.3}


@dataclass(frozen=True)
class Day:
    """The worst status of one UTC day; None when nothing was known on it."""

    on: date
    status: str | None


@dataclass(frozen=True)
class Run:
    """Equal days in a row, so that ninety quiet days are one mark in the page."""

    status: str | None
    first: int
    length: int


def days(stretches: Iterable[Stretch], *, at: datetime, count: int = DAYS) -> tuple[Day, ...]:
    """The last `count` UTC days, today last, each with its worst status."""
    first = _first_day(at, count)
    seen: list[list[str]] = [[] for _ in range(count)]
    for stretch, start, end in _inside(stretches, at=at, count=count):
        # The end is exclusive: a stretch that ends at midnight does not touch the new day.
        last = (end - timedelta(microseconds=1)).date()
        for place in range((start.date() - first).days, (last - first).days + 1):
            seen[place].append(stretch.status)
    return tuple(Day(first + timedelta(days=n), rollup.worst(found) if found else None) for n, found in enumerate(seen))


def runs(bar: Sequence[Day]) -> tuple[Run, ...]:
    """Equal neighbours merged, in order."""
    found, place = [], 0
    for status, group in groupby(bar, key=lambda day: day.status):
        length = len(list(group))
        found.append(Run(status, place, length))
        place += length
    return tuple(found)


def uptime(stretches: Iterable[Stretch], *, at: datetime, count: int = DAYS) -> float | None:
    """Per cent of the observed time that counts as up, by FORMULA; None when nothing was observed.

    Rounded down to two places, so that only a perfect record reads 100.
    """
    observed, down = 0.0, 0.0
    for stretch, start, end in _inside(stretches, at=at, count=count):
        seconds = (end - start).total_seconds()
        if stretch.status != rollup.MAINTENANCE:
            observed += seconds
            down += seconds * _DOWN.get(stretch.status, 0.0)
    return math.floor(10_000 * (1 - down / observed)) / 100 if observed else None


def sentence(name: str, bar: Sequence[Day]) -> str:
    """The bars in words, for people who cannot see them: "API, 90 days: 1 day with a partial outage"."""
    counts = {status: sum(day.status == status for day in bar) for status in _IN_WORDS}
    parts = [words.format(_days(counts[status])) for status, words in _IN_WORDS.items() if counts[status]]
    return f"{name}, {len(bar)} days: {', '.join(parts) or 'no incidents'}"


_IN_WORDS = {
    rollup.MAJOR: "{} with a major outage",
    rollup.PARTIAL: "{} with a partial outage",
    rollup.DEGRADED: "{} degraded",
    rollup.MAINTENANCE: "{} with maintenance",
    None: "{} without data",
}


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _first_day(at: datetime, count: int) -> date:
    return at.astimezone(UTC).date() - timedelta(days=count - 1)


def _inside(stretches: Iterable[Stretch], *, at: datetime, count: int) -> Iterator[tuple[Stretch, datetime, datetime]]:
    """Each stretch cut to the window that ends now; empty ones are left out."""
    opening = datetime.combine(_first_day(at, count), datetime.min.time(), UTC)
    for stretch in stretches:
        start = max(stretch.started_at.astimezone(UTC), opening)
        end = min((stretch.ended_at or at).astimezone(UTC), at.astimezone(UTC))
        if start < end:
            yield stretch, start, end
