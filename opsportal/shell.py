"""What the navigation shows beside its entries: numbers that rooms register, asked for in one query."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from opsportal.questions import planned_once

if TYPE_CHECKING:
    from opsportal.accounts.models import User

# Nobody reads more off a badge, and every page would count all that fail in a bad hour.
MOST = 99
# The rows that a person may see; it may look at their role and at nothing else of them.
Rows = Callable[["User"], "QuerySet[Any]"]


@dataclass(frozen=True)
class Count:
    """A number beside a navigation entry, the words a screen reader adds, and whether it is an emergency."""

    number: int
    words: str
    is_critical: bool = False

    def __str__(self) -> str:
        return str(self.number) if self.number <= MOST else f"{MOST}+"


@dataclass(frozen=True)
class _Counter:
    entry: str
    rows: Rows
    words: str
    is_critical: bool


_counters: list[_Counter] = []
# By role: writing a query costs more than PostgreSQL takes to answer it, and every page asks this one.
_questions: dict[str, tuple[str, tuple[Any, ...]]] = {}


def register_count(entry: str, rows: Rows, *, words: str, is_critical: bool = False) -> None:
    """Offer the number of these rows for a navigation entry, named by its URL name such as `incidents:list`."""
    _counters.append(_Counter(entry, rows, words, is_critical))


def counts(person: "User") -> dict[str, Count]:
    """All numbers that are not zero, of what this person may see, none counted further than it is shown. One query."""
    if person.role not in _questions:
        _questions[person.role] = _question(person)
    with planned_once() as cursor:
        cursor.execute(*_questions[person.role])
        numbers = cursor.fetchone()
    return {
        one.entry: Count(number, one.words, one.is_critical)
        for one, number in zip(_counters, numbers, strict=True)
        if number
    }


def _question(person: "User") -> tuple[str, tuple[Any, ...]]:
    rows = [one.rows(person).order_by().values("pk")[: MOST + 1].query.sql_with_params() for one in _counters]
    parts = (f"(SELECT count(*) FROM ({words}) AS seen)" for words, _ in rows)  # noqa: S608 - the ORM's own words
    return f"SELECT {', '.join(parts)}", tuple(value for _, given in rows for value in given)
