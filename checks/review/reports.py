"""What `ops_daily` said on each day of the week, from its runs: totals, verdict, whatever was not in order."""

from datetime import datetime, timedelta
from typing import Any

from checks.operations.models import OperationLine, OperationRun
from checks.operations.queries import level_of

KIND = "ops_daily"
# So many lines of checks that were not in order are kept of a day; the rest are counted.
_MOST = 20
_CHECK, _IN_ORDER = "ops_daily check=", "status=healthy"
_DAY = timedelta(days=1)


def of_week(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """A document for each day, in order; the newest run that ended on it speaks for it. Two queries."""
    ended = OperationRun.objects.filter(
        kind=KIND, state=OperationRun.State.ENDED, ended_at__gte=start, ended_at__lt=end
    )
    newest = {run.ended_at.date(): run for run in ended.order_by("ended_at", "pk") if run.ended_at}
    lines: dict[int, list[str]] = {run.pk: [] for run in newest.values()}
    for run_id, text in OperationLine.objects.filter(run__in=lines).order_by("pk").values_list("run_id", "text"):
        lines[run_id].append(text)
    days = [(start + number * _DAY).date() for number in range((end - start).days)]
    return [_day(day.isoformat(), newest.get(day), lines) for day in days]


def _day(day: str, run: OperationRun | None, lines: dict[int, list[str]]) -> dict[str, Any]:
    if run is None:
        return {"day": day, "level": "missing", "lines": [], "in_order": 0}
    own = lines[run.pk]
    checks = [line for line in own if line.startswith(_CHECK)]
    odd = [line for line in checks if _IN_ORDER not in line.split()]
    rest = [line for line in own if not line.startswith(_CHECK)]
    left = [f"and {len(odd) - _MOST} more that were not in order"] if len(odd) > _MOST else []
    return {
        "day": day,
        "level": level_of(run),
        "lines": [*odd[:_MOST], *left, *rest],
        "in_order": len(checks) - len(odd),
    }
