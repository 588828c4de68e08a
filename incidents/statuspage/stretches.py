"""Lay one status over a component's record between two moments; what may be covered is said by the caller."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from incidents.statuspage import rollup
from incidents.statuspage.content import Stretch


def overlaid(
    stretches: Iterable[Stretch], *, status: str, start: datetime, end: datetime | None, over: Collection[str]
) -> tuple[Stretch, ...]:
    """The same record with `status` from `start` to `end`, wherever it said one of `over` before.

    Without an end it lasts as long as the stretch it covers. Nothing is invented: where the record has no stretch,
    there is none afterwards either.
    """
    return tuple(piece for one in stretches for piece in _pieces(one, status, start, end, over))


def better_than(status: str) -> tuple[str, ...]:
    """What a trouble found afterwards may cover: everything less bad than itself, and what nobody had looked at.

    >>> better_than("degraded_performance")
    ('unknown', 'operational', 'under_maintenance')
    """
    return (rollup.UNSEEN, *rollup.BEST_TO_WORST[: rollup.BEST_TO_WORST.index(status)])


def _pieces(
    one: Stretch, status: str, start: datetime, end: datetime | None, over: Collection[str]
) -> Iterator[Stretch]:
    """Before, within and after; a piece without length is left out."""
    first, last = max(one.started_at, start), _earlier(one.ended_at, end)
    if one.status not in over or (last is not None and first >= last):
        yield one
        return
    if one.started_at < first:
        yield replace(one, ended_at=first)
    yield Stretch(status, first, last)
    if last != one.ended_at and last is not None:
        yield replace(one, started_at=last)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """None is the end of time."""
    return min((moment for moment in (one, other) if moment is not None), default=None)
