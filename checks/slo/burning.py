"""When a budget goes too fast: multi-window, multi-burn-rate alerts, and when there are too few runs to say.

The table is that of the SRE workbook, chapter 5, with Sloth's third row; the factors are of 30 days and follow the
period, so that an alert always stands for the same share of the budget. At one run a minute the bare table pages for a
single failed run of a 99.9 % objective: a row counts only where three failures are needed, and three there must be.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from checks.slo.budget import LEAST_VALID, Tally, allowed, burn_rate

_DAYS = 30
LEAST_BAD = 3
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Weight(StrEnum):
    """What an alert asks for: somebody now, or somebody in working hours."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True)
class Row:
    """Fires when the budget goes `factor` times too fast over the long window and over the short one."""

    weight: Weight
    long: timedelta
    short: timedelta
    factor: float
    spent: float

    @property
    def key(self) -> str:
        return f"{int(self.long / _HOUR)}h"

    def factor_in(self, days: int) -> float:
        """The factor for a period of so many days: 14.4 of 30 is 13.44 of 28."""
        return self.factor * days / _DAYS


TABLE = (
    Row(Weight.PAGE, _HOUR, 5 * _MINUTE, 14.4, 0.02),
    Row(Weight.PAGE, 6 * _HOUR, 30 * _MINUTE, 6, 0.05),
    Row(Weight.TICKET, 24 * _HOUR, 2 * _HOUR, 3, 0.10),
    Row(Weight.TICKET, 72 * _HOUR, 6 * _HOUR, 1, 0.10),
)
WINDOWS = tuple(sorted({width for row in TABLE for width in (row.long, row.short)}))


class Verdict(StrEnum):
    """What one row says."""

    FIRES = "fires"
    QUIET = "quiet"
    INSUFFICIENT_DATA = "insufficient_data"
    INSUFFICIENT_RESOLUTION = "insufficient_resolution"


@dataclass(frozen=True)
class Reading:
    """One row with what it was judged by."""

    row: Row
    verdict: Verdict
    factor: float
    long_burn: float | None
    short_burn: float | None
    long: Tally
    short: Tally


def failures_needed(runs: int, target: float, factor: float) -> int:
    """How many failed runs of a long window make it burn that fast.

    >>> failures_needed(60, 99.9, 14.4), failures_needed(4320, 99.5, 1)
    (1, 22)
    """
    return math.ceil(round(runs * factor * allowed(target), 6))


def outage_seconds(row: Row, target: float, days: int = _DAYS) -> float:
    """How long everything fails before the long window says so.

    >>> round(outage_seconds(TABLE[0], 99.9))
    52
    """
    return row.long.total_seconds() * row.factor_in(days) * allowed(target)


def least_valid(target: float, factor: float) -> int:
    """So many runs a window needs before its share means anything."""
    return max(LEAST_VALID, math.ceil(round(LEAST_BAD / (allowed(target) * factor), 6)))


def judge(row: Row, long: Tally, short: Tally, *, target: float, days: int) -> Reading:
    """What this row says of these two windows."""
    factor = row.factor_in(days)
    long_burn, short_burn = burn_rate(long, target), burn_rate(short, target)
    return Reading(row, _verdict(long, short, target, factor), factor, long_burn, short_burn, long, short)


def _verdict(long: Tally, short: Tally, target: float, factor: float) -> Verdict:
    if long.asked > 0 and round(long.asked * factor * allowed(target), 6) < LEAST_BAD:
        return Verdict.INSUFFICIENT_RESOLUTION
    if long.valid < least_valid(target, factor) or not long.is_covered or not short.valid:
        return Verdict.INSUFFICIENT_DATA
    is_burning = all((burn_rate(one, target) or 0.0) > factor for one in (long, short))
    return Verdict.FIRES if is_burning and long.bad >= LEAST_BAD and short.bad >= 1 else Verdict.QUIET


def readings(window: Callable[[timedelta], Tally], *, target: float, days: int) -> list[Reading]:
    """Every row of the table; `window` gives the runs of the newest stretch of that length."""
    return [judge(row, window(row.long), window(row.short), target=target, days=days) for row in TABLE]


def verdicts(found: Sequence[Reading]) -> Mapping[Weight, Verdict]:
    """What is to be done with each alert: it fires, it is quiet, or nothing is known and it stays as it is.

    One row that fires is enough; quiet it is only when a row can say so and none that could fire is without data.
    """
    return {weight: _of([one.verdict for one in found if one.row.weight is weight]) for weight in Weight}


def _of(said: Sequence[Verdict]) -> Verdict:
    if Verdict.FIRES in said:
        return Verdict.FIRES
    if Verdict.INSUFFICIENT_DATA in said:
        return Verdict.INSUFFICIENT_DATA
    return Verdict.QUIET if Verdict.QUIET in said else Verdict.INSUFFICIENT_RESOLUTION


def silence(target: float, days: int, every: timedelta) -> timedelta:
    """How long nothing may be heard before that is news of its own: until a hundredth of the budget would be gone.

    Never less than three runs (Pyrra's rule for absent data, pyrra-dev/pyrra#757).
    """
    return max(timedelta(days=days) * allowed(target) * 0.01, 3 * every)
