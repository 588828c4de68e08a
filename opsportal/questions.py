"""Queries that are worded once in a process: the ORM takes longer to write one than PostgreSQL takes to answer it.

Who may see what stands in the words and is asked each time; nothing that was answered is remembered.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, DateTimeField, Field, Func, Model, QuerySet, Value
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
        found = self.filled(values)
        words = self.words if most is None else f"{self.words} LIMIT {int(most)}"
        with planned_once() as cursor:
            read_moments(cursor)
            cursor.execute(words, found)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def asking(self, **values: object) -> "Asking":
        """The question with its values, to be asked beside others."""
        return Asking(self, values)

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """What the words are sent with."""
        return [values[one.name] if isinstance(one, _Given) else one for one in self._values]

    @property
    def kinds(self) -> list[Field[Any, Any]]:
        """The kind of each column."""
        return [column.output_field for column, *_ in self._select]

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


@dataclass(frozen=True)
class Asking:
    """A question with its values, of a room that says what the answer means."""

    question: Question[Any]
    values: Mapping[str, Any]

    def rows(self) -> list[tuple[Any, ...]]:
        """One query."""
        return self.question.ask(**self.values)


def ask_together(*askings: Asking) -> list[list[tuple[Any, ...]]]:
    """The rows of each, in one query for all: a hot screen asks many rooms for little, and each turn has its price.

    For texts, numbers, yes or no, and moments, which come back as they would by themselves.
    """
    parts, values = [], list[Any]()
    for one in askings:
        names = ", ".join(f"c{place}" for place in range(len(one.question.kinds)))
        rows = f"({one.question.words}) AS one ({names})"
        parts.append(f"(SELECT json_agg(json_build_array({names})) FROM {rows})")  # noqa: S608 - the ORM's own words
        values += one.question.filled(one.values)
    with planned_once() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        found = cursor.fetchone()
    return [_read(one.question, rows or []) for one, rows in zip(askings, found, strict=True)]


def _read(question: Question[Any], rows: list[list[Any]]) -> list[tuple[Any, ...]]:
    are_moments = [isinstance(kind, DateTimeField) for kind in question.kinds] if rows else []
    return [
        tuple(
            datetime.fromisoformat(value).astimezone(UTC) if is_moment and value else value
            for is_moment, value in zip(are_moments, row, strict=True)
        )
        for row in rows
    ]


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
