"""Latencies as a histogram with fixed logarithmic buckets of 2 per cent: exact to merge, cheap to keep.

The mathematics is DDSketch's (Masson, Rim, Lee 2019) with a frozen range from 0.1 ms to 120 s in 352 buckets. Bytes are
pairs of little-endian u16 (index, count); a count over 65,535 repeats its pair, so merging is concatenation.
"""

import math
import struct
from collections import Counter
from collections.abc import Iterable

VERSION = 1
BINS = 352
_LOWEST_MS = 0.1
_GAMMA = 1.02 / 0.98
_LOG_GAMMA = math.log(_GAMMA)
_PAIR = struct.Struct("<HH")
_MOST = 0xFFFF


def index_of(latency_ms: float) -> int:
    """The bucket of a latency; what lies outside of the range falls into the first or the last.

    >>> index_of(0.05), index_of(100.0), index_of(10_000_000.0)
    (0, 173, 351)
    """
    if latency_ms <= _LOWEST_MS:
        return 0
    return min(BINS - 1, math.ceil(math.log(latency_ms / _LOWEST_MS) / _LOG_GAMMA))


def value_of(index: int) -> float:
    """The latency in ms that a bucket stands for, at most 2 per cent from any in it."""
    return _LOWEST_MS * 2 * _GAMMA**index / (_GAMMA + 1)


def encode(latencies_ms: Iterable[float]) -> bytes:
    """Bytes of some latencies in ms."""
    return _pack(Counter(index_of(latency) for latency in latencies_ms))


def compact(merged: bytes) -> bytes:
    """The same histogram with each bucket once, in order; needed now and then after concatenations."""
    return _pack(counts(merged))


def counts(histogram: bytes) -> Counter[int]:
    """How many samples lie in each bucket."""
    found: Counter[int] = Counter()
    for index, count in _PAIR.iter_unpack(histogram):
        found[index] += count
    return found


def _pack(found: Counter[int]) -> bytes:
    pairs = bytearray()
    for index in sorted(found):
        count = found[index]
        while count > 0:
            pairs += _PAIR.pack(index, min(count, _MOST))
            count -= _MOST
    return bytes(pairs)


def quantile(histogram: bytes, share: float) -> float | None:
    """The latency in ms below which this share of the samples lies; None without samples."""
    pairs = sorted(_PAIR.iter_unpack(histogram))
    rank = math.ceil(share * sum(count for _, count in pairs))
    for index, count in pairs:
        rank -= count
        if rank <= 0:
            return value_of(index)
    return None
