"""Queries that are worded once in a process: the ORM takes longer to write one than PostgreSQL takes to answer it.

Who may see what stands in the words and is asked each time; nothing that was answered is remembered.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Field, Func, Model, QuerySet, Value
from django.db.models.query import get_related_populators

if TYPE_CHECKING:
    from opsportal.accounts.models import User

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
# psycopg's own reader of moments, in C: Django's gives the same in UTC, in ten times as long for each.
_MOMENTS = psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT)


@dataclass(frozen=True)
class _Given:
    name: str


def given(name: str) -> Value:
    """Stands in a query for a value that each asking brings: filter(number=given("number"))."""
    return Value(_Given(name))


@contextmanager
def planned_once() -> Iterator[CursorWrapper]:
    """A cursor for words that are asked again and again: PostgreSQL reads and plans them once for each connection.

    A third of what a hot screen waited for was planning. Not for words that differ from one asking to the next; and
    not behind a pooler that cannot keep prepared statements (DATABASE_PREPARES=false).
    """
    connection.ensure_connection()
    own: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with connection.make_debug_cursor(own) if connection.queries_logged else connection.make_cursor(own) as cursor:
        yield cursor


def read_moments(cursor: CursorWrapper) -> None:
    """Let this cursor read moments by psycopg's own reader; they are in UTC, as the connection is."""
    cursor.adapters.register_loader("timestamptz", _MOMENTS)


class OneOf(Func):
    """One of the values of a list that each asking brings: filter(OneOf("subject", given("subjects")))."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    arity = 2
    output_field = BooleanField()


class InAll(Func):
    """How many rows there are before `most` cuts them, beside each: values_list("title", InAll())."""

    template = "count(*) OVER ()"
    arity = 0
    # Of no kind: Django would read each number once more as an integer, which it is.
    output_field = Field()
    contains_over_clause = True


class Question(Generic[M]):
    """A query in its words; each asking brings the values that `given` stands for."""

    def __init__(self, rows: "QuerySet[M, Any]") -> None:
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        self.words, self._values = compiler.as_sql()
        self._select, self._klass = compiler.select, None if rows.query.values_select else compiler.klass_info
        if compiler.get_converters([column for column, *_ in self._select]):
            raise TypeError(f"a column of this query has to be read by its field: {self.words}")

    def ask(self, *, most: int | None = None, **values: object) -> list[tuple[Any, ...]]:
        """The rows as values, `most` of them at most. One query."""
        found: Any = [values[one.name] if isinstance(one, _Given) else one for one in self._values]
        words = self.words if most is None else f"{self.words} LIMIT {int(most)}"
        with planned_once() as cursor:
            read_moments(cursor)
            cursor.execute(words, found)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def models(self, *, most: int | None = None, **values: object) -> list[M]:
        """The rows as models, with what the query takes along by select_related."""
        if self._klass is None:
            raise TypeError("a query for values has no models")
        first, last = self._klass["select_fields"][0], self._klass["select_fields"][-1] + 1
        names = [column.target.attname for column, *_ in self._select[first:last]]
        related = get_related_populators(self._klass, self._select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        found = []
        for row in self.ask(most=most, **values):
            one: M = self._klass["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for populator in related:
                populator.populate(row, one)
            found.append(one)
        return found


def worded(write: "Callable[P, QuerySet[M, Any]]") -> "Callable[P, Question[M]]":
    """A query that is the same for everybody, worded when it is first asked; its arguments must be few."""
    questions: dict[object, Question[M]] = {}

    def question(*args: P.args, **kwargs: P.kwargs) -> Question[M]:
        key = (*args, *kwargs.items())
        if key not in questions:
            questions[key] = Question(write(*args, **kwargs))
        return questions[key]

    return question


def worded_by_role(
    write: "Callable[Concatenate[User, P], QuerySet[M, Any]]",
) -> "Callable[Concatenate[User, P], Question[M]]":
    """Worded once for each role: `write` may look at the person's role and at nothing else of them."""
    questions: dict[object, Question[M]] = {}

    def question(person: "User", /, *args: P.args, **kwargs: P.kwargs) -> Question[M]:
        key = (person.role, person.is_active, *args, *kwargs.items())
        if key not in questions:
            questions[key] = Question(write(person, *args, **kwargs))
        return questions[key]

    return question
