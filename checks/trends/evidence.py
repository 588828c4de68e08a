"""Is one week worse than the one before, or is it chance? A flag is raised by evidence alone, and said in words.

The rule: both weeks covered to 95 per cent, a difference of more than a tenth and more than a floor, and intervals of
confidence that do not overlap: Wilson's for shares, that of order statistics for a quantile. Arithmetic alone.
"""

import math
import struct
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from checks.rollups import histogram

_Z = 1.959964  # 95 per cent, two-sided
LEAST_COVERAGE = 95.0
# Below these a difference means nothing to anybody: a tenth of a point of failures, five milliseconds.
FLOOR_SHARE, FLOOR_MS = 0.001, 5.0
_RELATIVE = 0.10
# So many runs beyond the quantile it takes to compare it: 200 for p95.
_BEYOND = 10
# Twelve weeks of a thousand checks, about 10 MB.
_KEPT = 16_384


@dataclass(frozen=True)
class Week:
    """What one check, one domain or the house did in one ISO week. Zero of everything where nothing is stored."""

    ok: int = 0
    err: int = 0
    asked: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    # Between which p95 lies with 95 per cent of confidence; None when too few runs were answered to say.
    p95_between: tuple[float, float] | None = None

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
    middle = share + _Z * _Z / (2 * n)
    reach = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    whole = 1 + _Z * _Z / n
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


@lru_cache(maxsize=_KEPT)
def latencies(hist: bytes) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """p50, p95 and where p95 lies, of a histogram.

    A closed week stays as it is, and a page has twelve thousand of them: each is read once in a process.
    """
    flat = struct.unpack(f"<{len(hist) // 2}H", hist)
    places, counts = flat[::2], flat[1::2]
    if not places:
        return None, None, None
    if list(places) != sorted(places):
        return latencies(histogram.compact(hist))
    upto = list(accumulate(counts))
    n = upto[-1]

    def value(rank: float) -> float:
        return histogram.value_of(places[bisect_left(upto, min(max(math.ceil(rank), 1), n))])

    reach = _Z * math.sqrt(n * 0.95 * 0.05)
    between = (value(n * 0.95 - reach), value(n * 0.95 + reach)) if n * 0.05 >= _BEYOND else None
    return value(n * 0.5), value(n * 0.95), between


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
    if not (before.p95_between and after.p95_between and before.p95_ms and after.p95_ms):
        return None
    old, new = before.p95_ms, after.p95_ms
    if abs(new - old) <= max(FLOOR_MS, _RELATIVE * old):
        return None
    if before.p95_between[0] <= after.p95_between[1] and after.p95_between[0] <= before.p95_between[1]:
        return None
    word = "rose" if new > old else "fell"
    return Move("latency", new > old, f"p95 {word} from {old:.0f} ms to {new:.0f} ms", _times(old, new, FLOOR_MS))


def why_not(before: Week, after: Week) -> str:
    """What is said where nothing is flagged."""
    if not before.samples or not after.samples:
        return "There is no week before to compare with" if after.samples else "Nothing ran"
    for week, name in ((after, "This week"), (before, "The week before")):
        if not week.is_covered:
            return f"{name} is covered to {week.coverage or 0:.1f} % only: too little to compare"
    return "Nothing changed that chance does not explain"


def _times(old: float, new: float, floor: float) -> float:
    low, high = sorted((max(old, floor), max(new, floor)))
    return high / low


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def total(weeks: Sequence[Week]) -> Week:
    """Several checks' week as one; of their latencies the median, since answers of different things have no one p95."""
    return Week(
        ok=sum(one.ok for one in weeks),
        err=sum(one.err for one in weeks),
        asked=sum(one.asked for one in weeks),
        p50_ms=_median([one.p50_ms for one in weeks if one.p50_ms is not None]),
        p95_ms=_median([one.p95_ms for one in weeks if one.p95_ms is not None]),
    )


def _median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else None
