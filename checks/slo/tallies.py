"""The runs behind objectives, read from the buckets that exist: days and hours where they are whole, minutes beside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from checks.rollups import histogram
from checks.rollups.models import Watermark
from checks.rollups.queries import Window
from checks.rollups.roll_up import DAY, HOUR
from checks.slo.budget import ORIGIN, Tally, add

_MINUTE = timedelta(minutes=1)
_PART = """
SELECT check_id, ok, err, expected, maint{hist} FROM {table}
WHERE check_id = ANY(%s) AND bucket >= %s AND bucket < %s"""
_SUM = """
SELECT check_id, sum(ok)::int, sum(err)::int, sum(expected)::int, sum(maint)::int{hist} FROM ({parts}) AS parts
GROUP BY check_id
"""


@dataclass(frozen=True)
class Grain:
    """A table of buckets, how wide they are, and up to when they are complete."""

    table: str
    width: timedelta
    until: datetime


@dataclass(frozen=True)
class Piece:
    """A stretch to be read from one table."""

    table: str
    start: datetime
    end: datetime


def cover(start: datetime, end: datetime, grains: Sequence[Grain]) -> list[Piece]:
    """The stretch in the fewest buckets: the coarsest grain comes first, the last one takes what is left."""
    if start >= end or not grains:
        return []
    grain, finer = grains[0], grains[1:]
    first = ORIGIN - (ORIGIN - start) // grain.width * grain.width
    last = ORIGIN + (min(end, grain.until) - ORIGIN) // grain.width * grain.width
    if first >= last:
        return cover(start, end, finer)
    return [*cover(start, first, finer), Piece(grain.table, first, last), *cover(last, end, finer)]


def grains(end: datetime) -> list[Grain]:
    """The tables as far as they are rolled up now; minutes are always there."""
    known = dict(Watermark.objects.filter(grain__in=["d", "h"]).values_list("grain", "until"))
    rolled = [
        Grain(f"checks_bucket_{name}", width, known[name]) for name, width in (("d", DAY), ("h", HOUR)) if name in known
    ]
    return [*rolled, Grain("checks_bucket_m", _MINUTE, end)]


def runs(
    ids: Iterable[int], start: datetime, end: datetime, known: Sequence[Grain], *, with_latency: bool
) -> dict[int, Window]:
    """What each check did in a stretch of whole minutes, without classes of errors. One query."""
    wanted = list(ids)
    pieces = cover(start, end, known)
    if not pieces or not wanted:
        return {}
    hist, merged = (", hist", ", string_agg(hist, ''::bytea)") if with_latency else ("", "")
    parts = "\nUNION ALL".join(_PART.format(table=piece.table, hist=hist) for piece in pieces)
    values: list[Any] = [value for piece in pieces for value in (wanted, piece.start, piece.end)]
    with connection.cursor() as cursor:
        cursor.execute(_SUM.format(parts=parts, hist=merged), values)
        rows = cursor.fetchall()
    return {
        check_id: Window(start, ok=ok, err=err, expected=expected, maint=maint, hist=bytes(rest[0]) if rest else b"")
        for check_id, ok, err, expected, maint, *rest in rows
    }


def tally(windows: Iterable[Window], threshold_ms: int | None) -> Tally:
    """All of them as one: what failed is bad, or of latency alone what answered after its time."""
    total = Tally()
    for window in windows:
        total = add(total, _of(window, threshold_ms))
    return total


def _of(window: Window, threshold_ms: int | None) -> Tally:
    if threshold_ms is None:
        return Tally(window.samples, window.err, window.samples, window.asked)
    latencies = histogram.counts(window.hist)
    in_time = histogram.index_of(threshold_ms)
    slow = sum(count for index, count in latencies.items() if index > in_time)
    return Tally(latencies.total(), slow, window.samples, window.asked)


def each(windows: Mapping[int, Window], ids: Iterable[int]) -> list[Window]:
    """Those of these checks that have any."""
    return [windows[one] for one in ids if one in windows]
