"""Which stretch of time a check's page shows, and how fine: chosen in the URL, drawn, listed and exported alike. Pure.

A stretch is a whole number of steps. Ranges have theirs; a zoom takes the finest that is still kept and makes 120 steps
at most. A check that runs seldom gets coarser ones, since most of the fine ones would be empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

# A Monday at midnight: every step begins at a whole number of itself after it, weeks among them.
ORIGIN = datetime(2001, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORTEST, LONGEST = 10 * _MINUTE, 3650 * _DAY
_MOST_STEPS, _FEWEST_STEPS = 120, 24
# (step, how long what it is made of is kept)
_STEPS = (
    *((_MINUTE, 14 * _DAY), (5 * _MINUTE, 14 * _DAY), (15 * _MINUTE, 14 * _DAY)),
    *((_HOUR, 400 * _DAY), (6 * _HOUR, 400 * _DAY), (_DAY, 1826 * _DAY), (7 * _DAY, LONGEST)),
)
# The ranges one chooses from: name in the URL, on the button, in a sentence, length, step.
RANGES = {
    "24h": ("24 h", "24 hours", _DAY, _HOUR),
    "7d": ("7 d", "7 days", 7 * _DAY, _HOUR),
    "90d": ("90 d", "90 days", 90 * _DAY, _DAY),
}
USUAL = "24h"
_WRITTEN = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Span:
    """A stretch of whole steps in UTC; `name` is that of its range, empty for one that was zoomed to."""

    start: datetime
    end: datetime
    step: timedelta
    name: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def steps(self) -> Iterator[datetime]:
        """Where each step begins, oldest first."""
        for number in range(self.length // self.step):
            yield self.start + number * self.step

    @property
    def query(self) -> str:
        """What stands in the URL behind the question mark, with it; nothing for the usual range."""
        if self.name:
            return "" if self.name == USUAL else "?" + urlencode({"range": self.name})
        return "?" + urlencode({"since": self.start.strftime(_WRITTEN), "until": self.end.strftime(_WRITTEN)}, safe=":")

    @property
    def words(self) -> str:
        """24 hours, or 20 Nov 03:00 to 09:00."""
        if self.name:
            return RANGES[self.name][1]
        if self.start.year != self.end.year:
            return f"{moment(self.start)} {self.start.year} to {moment(self.end)} {self.end.year}"
        until = f"{self.end:%H:%M}" if self.end.date() == self.start.date() else moment(self.end)
        return f"{moment(self.start)} to {until}"

    @property
    def when(self) -> str:
        """The same behind a sentence: in 24 hours, from 20 Nov 03:00 to 09:00."""
        return f"in {self.words}" if self.name else f"from {self.words}"

    @property
    def step_words(self) -> str:
        """minute by minute, 15 minutes each, week by week."""
        one = {_MINUTE: "minute", _HOUR: "hour", _DAY: "day", 7 * _DAY: "week"}.get(self.step)
        if one:
            return f"{one} by {one}"
        hours, minutes = self.step // _HOUR, self.step // _MINUTE
        return f"{hours} hours each" if hours else f"{minutes} minutes each"


def of_range(name: str, at: datetime, *, every: timedelta) -> Span:
    """The newest stretch of this length, with the step that runs as far as it has come."""
    _, _, length, finest = RANGES[name]
    step = next(one for one, _ in _STEPS if one >= max(finest, _seldom(length, every)))
    end = _up(at, step)
    return Span(end - length, end, step, name)


def between(
    start: datetime, end: datetime, at: datetime, *, every: timedelta, minutes_from: datetime | None = None
) -> Span:
    """From one moment to another, widened to whole steps; before `minutes_from` only hours are known."""
    length = end - start
    fitting = (
        one
        for one, kept in _STEPS
        if one >= _seldom(length, every)
        and length <= _MOST_STEPS * one
        and start >= at - kept
        and (one >= _HOUR or minutes_from is None or start >= minutes_from)
    )
    step = next(fitting, _STEPS[-1][0])
    return Span(_down(start, step), _up(end, step), step)


def _seldom(length: timedelta, every: timedelta) -> timedelta:
    """Shorter steps than a check's own period are mostly empty; 24 steps it has all the same."""
    return min(every, length / _FEWEST_STEPS)


def _down(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - ORIGIN) % step


def _up(moment: datetime, step: timedelta) -> datetime:
    down = _down(moment, step)
    return down if down == moment else down + step


@dataclass(frozen=True)
class Ways:
    """Where one may go from a stretch; None where there is nothing more."""

    closer: Span | None
    wider: Span | None
    earlier: Span | None
    later: Span | None


def ways(span: Span, at: datetime, *, every: timedelta) -> Ways:
    """The middle half, twice as much, and half a stretch to either side; never beyond now."""
    half, middle = span.length / 2, span.start + span.length / 2

    def to(start: datetime, end: datetime) -> Span | None:
        end = min(end, _up(at, _MINUTE))
        if not SHORTEST <= end - start <= LONGEST or start < ORIGIN:
            return None
        return between(start, end, at, every=every)

    return Ways(
        closer=to(middle - half / 2, middle + half / 2) if half >= SHORTEST else None,
        wider=to(middle - span.length, middle + span.length),
        earlier=to(span.start - half, span.end - half),
        later=to(span.start + half, span.end + half) if span.end < at else None,
    )


def moment(at: datetime) -> str:
    """20 Nov 03:00, or a day alone at midnight.

    >>> moment(datetime(2026, 11, 20, 3, tzinfo=UTC)), moment(datetime(2026, 11, 20, tzinfo=UTC))
    ('20 Nov 03:00', '20 Nov')
    """
    return f"{at.day} {at:%b}" + (f" {at:%H:%M}" if (at.hour, at.minute) != (0, 0) else "")
