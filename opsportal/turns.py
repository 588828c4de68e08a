"""Sweeps give each row its turn: one that fails holds up no other, and is not hidden."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded

log = structlog.get_logger("opsportal.turns")
Row = TypeVar("Row")
Found = TypeVar("Found")


def each(rows: Iterable[Row], act: Callable[[Row], Found]) -> list[Found]:
    """What came of each row, in order. What failed first is raised when all others had their turn.

    Each act is a transaction of its own. A worker whose time is over stops at once.
    """
    found: list[Found] = []
    problem: Exception | None = None
    for row in rows:
        try:
            found.append(act(row))
        except SoftTimeLimitExceeded:
            raise
        except Exception as failure:  # noqa: BLE001 - it rises after the others had their turn
            log.warning("a row of a sweep failed", error=type(failure).__name__)
            problem = problem or failure
    if problem is not None:
        raise problem
    return found


def all_of(*acts: Callable[[], object]) -> None:
    """The same for acts of different kinds that share one sweep."""
    each(acts, lambda act: act())
