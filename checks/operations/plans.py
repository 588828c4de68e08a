"""When each operation runs by itself: what the house does unless an admin says otherwise, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from checks.operations.models import OperationPlan
from opsportal import env

DAILY = "ops_daily"
Every = OperationPlan.Every
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = tuple(enumerate(_WEEKDAYS))
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """How often and at what time (UTC) a command runs by itself. `since` is when an admin said so."""

    kind: str
    command: str
    every: str = Every.NEVER
    at: time = time(3, 0)
    weekday: int = 0
    since: datetime | None = None

    @property
    def words(self) -> str:
        """For people.

        >>> Plan("backup", "backup", "week", time(4, 10), 6).words
        'Every Sunday at 04:10 UTC'
        """
        if self.every == Every.NEVER:
            return Every.NEVER.label
        day = f"Every {_WEEKDAYS[self.weekday]}" if self.every == Every.WEEK else Every(self.every).label
        return f"{day} at {self.at:%H:%M} UTC"

    @property
    def is_on(self) -> bool:
        return self.every != Every.NEVER

    def due_at(self, at: datetime) -> datetime | None:
        """The newest moment at which it was due; None when it never is, or was not since the plan is this one.

        >>> Plan("backup", "backup", "week", time(4, 10), 6).due_at(datetime(2026, 11, 24, tzinfo=UTC)).isoformat()
        '2026-11-22T04:10:00+00:00'
        """
        if not self.is_on:
            return None
        day = (at.astimezone(UTC) - timedelta(hours=self.at.hour, minutes=self.at.minute)).date()
        moment = datetime.combine(self._day_until(day), self.at, UTC)
        return moment if self.since is None or self.since <= moment else None

    def _day_until(self, day: date) -> date:
        if self.every == Every.WEEK:
            return day - _DAY * ((day.weekday() - self.weekday) % 7)
        return day.replace(day=1) if self.every == Every.MONTH else day


def daily_command() -> str:
    """Strict where production is configured; elsewhere names may be missing."""
    return f"{DAILY} --mode=ci" if env.missing_names() else f"{DAILY} --mode=prod"


def _of_the_house() -> dict[str, Plan]:
    """Before people come to work, one after the other; a backup is tried each week and production looked at."""
    plans = (
        Plan(DAILY, daily_command(), Every.DAY, time(2, 40)),
        Plan("backup", "backup --keep 14", Every.DAY, time(1, 20)),
        Plan("backup_verify", "backup_verify", Every.WEEK, time(4, 10), 6),
        Plan("prod_verify", "prod_verify --verify", Every.WEEK, time(4, 40), 0),
        Plan("benchmark_queries", "benchmark_queries", Every.WEEK, time(5, 10), 0),
    )
    return {plan.kind: plan for plan in plans}


def all_plans() -> dict[str, Plan]:
    """By kind: an admin's word before the house's. One query."""
    found = _of_the_house()
    for row in OperationPlan.objects.order_by("kind"):
        command = daily_command() if row.kind == DAILY else row.command
        found[row.kind] = Plan(row.kind, command, row.every, row.at, row.weekday, row.changed_at)
    return found


def plan_of(kind: str, command: str = "") -> Plan:
    """Of one kind; `command` is what would be run when nobody has planned anything yet."""
    return all_plans().get(kind) or Plan(kind, command or kind)
