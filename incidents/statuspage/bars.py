"""Ninety days of a component as one bar a day, and its uptime.

A day that is over and was written down is taken as it was written; every other is counted from the stretches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from itertools import groupby

from incidents.statuspage import language, rollup
from incidents.statuspage.content import DayRecord, Stretch

DAYS = 90
FORMULA = "1 − (major outage + 0.3 × partial outage) ÷ (observed time − maintenance)"
# A partial outage counts three tenths of its length, as Statuspage counts it; degraded counts as up.
# Tenths and microseconds are whole numbers, so that everybody who counts again gets the same figure.
_DOWN_TENTHS = {rollup.MAJOR: 10, rollup.PARTIAL: 3}
_MICROSECOND, _DAY = timedelta(microseconds=1), timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """The worst status of one UTC day, None when nothing was known on it, and microseconds by status."""

    on: date
    status: str | None
    spans: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def seconds(self) -> dict[str, float]:
        return {status: span / 1_000_000 for status, span in self.spans.items()}


@dataclass(frozen=True)
class Run:
    """Equal days in a row, so that ninety quiet days are one mark in the page."""

    status: str | None
    first: int
    length: int


def days(
    stretches: Iterable[Stretch], *, at: datetime, count: int = DAYS, records: Iterable[DayRecord] = ()
) -> tuple[Day, ...]:
    """The last `count` UTC days, today last, each with its worst status."""
    first, today = _first_day(at, count), at.astimezone(UTC).date()
    written = {one.on: one for one in records if one.on < today}
    seen: list[dict[str, int]] = [{} for _ in range(count)]
    for status, on, span in _by_day(stretches, at=at, count=count):
        spans = seen[(on - first).days]
        spans[status] = spans.get(status, 0) + span
    counted = (Day(first + n * _DAY, rollup.worst(spans) if spans else None, spans) for n, spans in enumerate(seen))
    return tuple(_as_written(written[day.on]) if day.on in written else day for day in counted)


def _as_written(record: DayRecord) -> Day:
    return Day(record.on, record.worst, {status: round(seconds * 1_000_000) for status, seconds in record.seconds})


def runs(bar: Sequence[Day]) -> tuple[Run, ...]:
    """Equal neighbours merged, in order."""
    found, place = [], 0
    for status, group in groupby(bar, key=lambda day: day.status):
        length = len(list(group))
        found.append(Run(status, place, length))
        place += length
    return tuple(found)


def uptime(bar: Iterable[Day]) -> float | None:
    """Per cent of the observed time that counts as up, by FORMULA; None when nothing was observed.

    Rounded down to two places, so that only a perfect record reads 100.
    """
    observed, down_tenths = 0, 0
    for day in bar:
        for status, span in day.spans.items():
            observed += 0 if status == rollup.MAINTENANCE else span
            down_tenths += span * _DOWN_TENTHS.get(status, 0)
    return 10_000 * (10 * observed - down_tenths) // (10 * observed) / 100 if observed else None


def sentence(name: str, bar: Sequence[Day], words: NullTranslations = language.ENGLISH) -> str:
    """The bars in words, for people who cannot see them: "API, 90 days: 1 day with a partial outage"."""
    counts = {status: sum(day.status == status for day in bar) for status in IN_WORDS}
    parts = [
        words.gettext(said).format(_days(counts[status], words)) for status, said in IN_WORDS.items() if counts[status]
    ]
    return f"{name}, {_days(len(bar), words)}: {', '.join(parts) or words.gettext('no incidents')}"


IN_WORDS = {
    rollup.MAJOR: "{} with a major outage",
    rollup.PARTIAL: "{} with a partial outage",
    rollup.DEGRADED: "{} degraded",
    rollup.MAINTENANCE: "{} with maintenance",
    None: "{} without data",
}


def _days(count: int, words: NullTranslations) -> str:
    return words.ngettext("{} day", "{} days", count).format(count)


def _first_day(at: datetime, count: int) -> date:
    return at.astimezone(UTC).date() - timedelta(days=count - 1)


def _by_day(stretches: Iterable[Stretch], *, at: datetime, count: int) -> Iterator[tuple[str, date, int]]:
    """Status, day and microseconds of each piece between two midnights."""
    for stretch, start, end in _inside(stretches, at=at, count=count):
        if stretch.status == rollup.UNSEEN:
            continue
        while start < end:
            # The end is exclusive: a stretch that ends at midnight does not touch the new day.
            midnight = datetime.combine(start.date() + _DAY, datetime.min.time(), UTC)
            until = min(end, midnight)
            yield stretch.status, start.date(), (until - start) // _MICROSECOND
            start = until


def _inside(stretches: Iterable[Stretch], *, at: datetime, count: int) -> Iterator[tuple[Stretch, datetime, datetime]]:
    """Each stretch cut to the window that ends now; empty ones are left out."""
    opening = datetime.combine(_first_day(at, count), datetime.min.time(), UTC)
    for stretch in stretches:
        start = max(stretch.started_at.astimezone(UTC), opening)
        end = min((stretch.ended_at or at).astimezone(UTC), at.astimezone(UTC))
        if start < end:
            yield stretch, start, end
