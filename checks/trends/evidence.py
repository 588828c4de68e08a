"""Is one week worse than the one before, or is it chance? A flag is raised by evidence alone, and said in words.

The rule: both weeks covered to 95 per cent, a difference of more than a tenth and more than a floor, and intervals of
confidence that do not overlap: Wilson's for shares, that of order statistics for a quantile. Arithmetic alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from checks.rollups.quantiles import Z

LEAST_COVERAGE = 95.0
# Below these a difference means nothing to anybody: a tenth of a point of failures, five milliseconds.
FLOOR_SHARE, FLOOR_MS = 0.001, 5.0
_RELATIVE = 0.10


class Week(NamedTuple):
    """What one check, one domain or the house did in one ISO week. Zero of everything where nothing is stored.

    A tuple with names, since a page of a thousand checks makes twelve thousand of them.
    """

    ok: int = 0
    err: int = 0
    asked: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    # Between which p95 lies with 95 per cent of confidence; None when too few runs were answered to say.
    p95_low_ms: float | None = None
    p95_high_ms: float | None = None

    @property
    def samples(self) -> int:
        return self.ok + self.err

    @property
    def availability(self) -> float | None:
        """Per cent; None when nothing ran."""
        return 100 * self.ok / self.samples if self.samples else None

    @property
    def failed(self) -> float | None:
        """Per cent of the runs that failed."""
        return 100 * self.err / self.samples if self.samples else None

    @property
    def coverage(self) -> float | None:
        """Per cent of the due slots that ran; those of planned work were not due."""
        return 100 * self.samples / self.asked if self.asked > 0 else None

    @property
    def is_covered(self) -> bool:
        return self.coverage is not None and self.coverage >= LEAST_COVERAGE


NO_WEEK = Week()


@dataclass(frozen=True)
class Move:
    """A change that chance does not explain. `weight` orders moves: how many times worse or better."""

    what: str
    is_worse: bool
    words: str
    weight: float


def wilson(bad: int, n: int) -> tuple[float, float]:
    """Between which the true share lies with 95 per cent of confidence (Wilson 1927).

    >>> [round(one, 4) for one in wilson(10, 100)]
    [0.0552, 0.1744]
    """
    if not n:
        return 0.0, 1.0
    share = bad / n
    middle = share + Z * Z / (2 * n)
    reach = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    whole = 1 + Z * Z / n
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def compare(before: Week, after: Week) -> list[Move]:
    """What changed beyond chance from one week to the next, worse things first."""
    if not (before.is_covered and after.is_covered):
        return []
    found = [_failures(before, after), _latency(before, after)]
    return sorted([one for one in found if one], key=lambda one: (not one.is_worse, -one.weight))


def _failures(before: Week, after: Week) -> Move | None:
    old, new = before.err / before.samples, after.err / after.samples
    if abs(new - old) <= max(FLOOR_SHARE, _RELATIVE * old):
        return None
    (old_low, old_high), (new_low, new_high) = wilson(before.err, before.samples), wilson(after.err, after.samples)
    if old_low <= new_high and new_low <= old_high:
        return None
    word = "rose" if new > old else "fell"
    words = f"Failed runs {word} from {_percent(old)} to {_percent(new)}"
    return Move("failures", new > old, words, _times(old, new, FLOOR_SHARE))


def _latency(before: Week, after: Week) -> Move | None:
    old, old_low, old_high = before[4:]
    new, new_low, new_high = after[4:]
    if old is None or old_low is None or old_high is None or new is None or new_low is None or new_high is None:
        return None
    if abs(new - old) <= max(FLOOR_MS, _RELATIVE * old) or (old_low <= new_high and new_low <= old_high):
        return None
    word = "rose" if new > old else "fell"
    return Move("latency", new > old, f"p95 {word} from {old:.0f} ms to {new:.0f} ms", _times(old, new, FLOOR_MS))


def why_not(before: Week, after: Week, *, of_many: bool = False) -> str:
    """What is said where nothing is flagged; `of_many`: of the sum of several checks, which has no one latency."""
    if not before.samples or not after.samples:
        return "There is no week before to compare with" if after.samples else "Nothing ran"
    for week, name in ((after, "This week"), (before, "The week before")):
        if not week.is_covered:
            return f"{name} is covered to {week.coverage or 0:.1f} % only: too little to compare"
    if of_many:
        return "Failures: nothing beyond chance; latency is judged check by check"
    return "Nothing changed that chance does not explain"


def _times(old: float, new: float, floor: float) -> float:
    low, high = sorted((max(old, floor), max(new, floor)))
    return high / low


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def total(weeks: Sequence[Week]) -> Week:
    """Several checks' week as one; of their latencies the median, since answers of different things have no one p95."""
    if not weeks:
        return NO_WEEK
    ok, err, asked, p50, p95, *_ = zip(*weeks, strict=True)
    return Week(sum(ok), sum(err), sum(asked), _median(p50), _median(p95))


def _median(values: Sequence[float | None]) -> float | None:
    ordered = sorted(one for one in values if one is not None)
    return ordered[len(ordered) // 2] if ordered else None
