"""Error budgets: how much may fail, how much is left, and how fast it goes. Arithmetic alone, without a database.

The terms are those of the SRE workbook, chapter 5: the budget is 1 - target; a burn rate of 1 spends it exactly in the
period of the objective. What nobody ran is neither good nor bad, so it spends nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Periods lie end to end from here, a Monday: 28 days are four whole ISO weeks.
ORIGIN = datetime(2001, 1, 1, tzinfo=UTC)
# Below so many runs a share of them says nothing.
LEAST_VALID = 20
# Of the runs that were due so many per cent must have ended.
LEAST_COVERAGE = 80.0


@dataclass(frozen=True)
class Tally:
    """Runs of a stretch of time: those that count, the bad ones among them, those that ended and those that were due.

    `valid` and `ran` differ for latency alone: only what was answered has a time, but whatever ended was seen.
    """

    valid: int = 0
    bad: int = 0
    ran: int = 0
    asked: int = 0

    @property
    def coverage(self) -> float | None:
        """Per cent of the due runs that ended; None when none was due."""
        return 100 * self.ran / self.asked if self.asked > 0 else None

    @property
    def good_percent(self) -> float | None:
        """Per cent that were good; None without any: nothing out of nothing is not 100."""
        return 100 * (self.valid - self.bad) / self.valid if self.valid else None

    @property
    def is_covered(self) -> bool:
        return self.coverage is not None and self.coverage >= LEAST_COVERAGE


def add(one: Tally, other: Tally) -> Tally:
    """Both together."""
    return Tally(one.valid + other.valid, one.bad + other.bad, one.ran + other.ran, one.asked + other.asked)


def allowed(target: float) -> float:
    """The share that may be bad, rounded to what a target can say.

    >>> allowed(99.9)
    0.001
    """
    return round(1 - target / 100, 8)


def minutes(target: float, days: int) -> float:
    """The whole budget as minutes of full outage.

    >>> minutes(99.9, 30)
    43.2
    """
    return round(days * 1440 * allowed(target), 4)


def burn_rate(tally: Tally, target: float) -> float | None:
    """How many times too fast the budget goes; None without runs.

    >>> burn_rate(Tally(valid=1000, bad=5), 99.9)
    5.0
    """
    return round(tally.bad / tally.valid / allowed(target), 6) if tally.valid else None


def left(tally: Tally, target: float, elapsed: float = 1.0) -> float | None:
    """The share of the period's budget that is left, below 0 once it is overdrawn; None without runs.

    `elapsed` is the share of the period that has passed: the runs to come are taken to be as many as the runs so far.

    >>> left(Tally(valid=20_000, bad=10), 99.9), left(Tally(valid=10_000, bad=10), 99.9, elapsed=0.5)
    (0.5, 0.5)
    """
    if not tally.valid or elapsed <= 0:
        return None
    return round(1 - tally.bad * elapsed / (allowed(target) * tally.valid), 6)


def should_be_left(elapsed: float) -> float:
    """What is left today of a budget that is spent evenly to the end of its period."""
    return 1 - elapsed


@dataclass(frozen=True)
class Period:
    """The stretch that one budget is for."""

    start: datetime
    end: datetime

    def elapsed(self, at: datetime) -> float:
        """The share that has passed, from 0 to 1."""
        return min(max((at - self.start) / (self.end - self.start), 0.0), 1.0)


def period(at: datetime, days: int) -> Period:
    """The period of so many days that holds the moment, from midnight UTC.

    >>> period(datetime(2026, 11, 21, tzinfo=UTC), 28).start.strftime("%A %Y-%m-%d")
    'Monday 2026-11-02'
    """
    length = timedelta(days=days)
    start = ORIGIN + (at - ORIGIN) // length * length
    return Period(start, start + length)
