"""The questions that the portal asks its database again and again, timed on the data that is there. Reads only."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from checks.catalogue import listing as checks_list
from checks.catalogue.filters import Filters
from checks.catalogue.models import Check
from checks.operations import daily
from checks.rollups import queries as rollups
from incidents.alerts import queries as alerts
from incidents.board import queries as board
from incidents.changes import queries as changes
from incidents.models import Incident
from incidents.response import listing as incident_list
from incidents.response import queries as response
from incidents.search import queries as search
from opsportal.audit import queries as audit
from opsportal.models import User
from opsportal.outbox import queries as outbox
from opsportal.roles import Role

ROUNDS = 10
_WORDS = "answers late"
_MONTH = timedelta(days=28)
_MANY = 100

Ask = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """What one question cost the database, round by round, in ms."""

    name: str
    queries: int
    rounds: tuple[float, ...]

    @property
    def mean_ms(self) -> float:
        return math.fsum(self.rounds) / len(self.rounds)

    @property
    def p95_ms(self) -> float:
        """The nearest rank."""
        return sorted(self.rounds)[math.ceil(0.95 * len(self.rounds)) - 1]

    def is_slow(self, *, mean_ms: float, p95_ms: float) -> bool:
        return self.mean_ms > mean_ms or self.p95_ms > p95_ms


def timings(at: datetime, *, rounds: int = ROUNDS) -> Iterator[Timing]:
    """Each question in turn, after one round that is not counted: caches are warm on a portal that runs."""
    for name, ask in questions(at).items():
        yield _time(name, ask, rounds)


def questions(at: datetime) -> dict[str, Ask]:
    """By name, those of an admin's screens only when there is one to ask for."""
    some = list(Check.objects.in_use().order_by("pk").values_list("pk", flat=True)[:_MANY])
    person = User.objects.filter(is_active=True, role=Role.ADMIN).order_by("pk").first()
    found: dict[str, Ask] = {
        "check_list": lambda: checks_list.look(Filters(), at).rows,
        "check_days": lambda: rollups.last_day(some, at, with_latency=True),
        "check_month": lambda: rollups.totals(some, at - _MONTH, at),
        "checks_due": lambda: list(Check.objects.enabled().filter(next_due__lte=at).order_by("next_due")[:_MANY]),
        "ops_daily": lambda: daily.report(at),
        "deliveries": lambda: (outbox.queues(at), outbox.newest(state="", route="", limit=50)),
        "audit_log": lambda: audit.page(audit.Filters(), before=None),
    }
    return found if person is None else found | _screens(person, at)


def _screens(person: User, at: datetime) -> dict[str, Ask]:
    """What incidents cost; a room that is not there yet is left out."""
    newest = Incident.objects.order_by("-number").first()
    found: dict[str, Ask] = {
        "now_board": lambda: board.board(at, person),
        "incident_list": lambda: incident_list.listing(incident_list.Filters(), person),
        "search": lambda: search.search(_WORDS, person),
        "alerts": lambda: alerts.alerts(person),
        "changes": lambda: changes.listing(changes.Filters(), person, at=at),
    }
    if newest is not None:
        found["incident_room"] = lambda: response.room(response.incident_or_404(newest.number, person))
    return found


def _time(name: str, ask: Ask, rounds: int) -> Timing:
    spent: list[float] = []
    count = 0
    for _ in range(rounds + 1):
        with _reading(), _counted() as times:
            ask()
        count = len(times)
        spent.append(1000 * math.fsum(times))
    return Timing(name, count, tuple(spent[1:]))


@contextmanager
def _reading() -> Iterator[None]:
    """A transaction of its own in which nothing can be written."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


@contextmanager
def _counted() -> Iterator[list[float]]:
    """The seconds that each query took."""
    times: list[float] = []

    def timed(execute: Callable[..., Any], *words: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*words)
        finally:
            times.append(time.perf_counter() - started)

    with connection.execute_wrapper(timed):
        yield times
