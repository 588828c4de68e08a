"""What a week's latencies come to in four numbers: a page of a thousand checks need not read histograms. Pure."""

import math
import struct
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

from checks.rollups import histogram

# 95 per cent, two-sided.
Z = 1.959964
# So many answers beyond the quantile it takes to compare it: 200 for p95.
_BEYOND = 10


class Quantiles(NamedTuple):
    """p50 and p95 in ms, and between which p95 lies with 95 per cent of confidence; None where too few answered."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p95_low_ms: float | None = None
    p95_high_ms: float | None = None


def of(hist: bytes) -> Quantiles:
    """Of a histogram, compacted or not. The interval is that of order statistics.

    >>> [round(one or 0) for one in of(histogram.encode([100.0] * 200))]
    [99, 99, 99, 99]
    """
    flat = struct.unpack(f"<{len(hist) // 2}H", hist)
    places, counts = flat[::2], flat[1::2]
    if not places:
        return Quantiles()
    if list(places) != sorted(places):
        return of(histogram.compact(hist))
    upto = list(accumulate(counts))
    n = upto[-1]

    def value(rank: float) -> float:
        return histogram.value_of(places[bisect_left(upto, min(max(math.ceil(rank), 1), n))])

    p50, p95, reach = value(n * 0.5), value(n * 0.95), Z * math.sqrt(n * 0.95 * 0.05)
    if n * 0.05 < _BEYOND:
        return Quantiles(p50, p95)
    return Quantiles(p50, p95, value(n * 0.95 - reach), value(n * 0.95 + reach))
