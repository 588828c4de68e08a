"""`ops_daily` each day: the row of the day is the claim, and a day without one that ended is an alert."""

from datetime import UTC, date, datetime, timedelta

from django.db.models import Min

from checks.catalogue.models import Check
from checks.operations import actions
from checks.operations.models import OperationRun
from incidents.alerts import actions as alerts
from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from incidents.response.states import Severity
from opsportal import env

KIND = "ops_daily"
DEDUP_KEY = "operation:ops_daily"
# Before people come to work, and apart from what the first hours of a day are busy with.
AT_MINUTE = 160
# So late it may be before somebody is told.
PATIENCE = timedelta(hours=2)


def due_day(at: datetime) -> date:
    """The newest UTC day whose report is due.

    >>> due_day(datetime(2026, 11, 21, 2, 39, tzinfo=UTC)).isoformat()
    '2026-11-20'
    """
    return (at.astimezone(UTC) - timedelta(minutes=AT_MINUTE)).date()


def due_at(day: date) -> datetime:
    """The moment at which the report of that day is due."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=AT_MINUTE)


def command() -> str:
    """Strict where production is configured; elsewhere names may be missing."""
    return f"{KIND} --mode=ci" if env.missing_names() else f"{KIND} --mode=prod"


def look(*, at: datetime) -> None:
    """Ask for today's report when it is due, and tell when none came. Safe to run twice, by any number of workers."""
    day = due_day(at)
    if not _stood_at(due_at(day)):
        return
    actions.schedule(command(), period=day, at=at)
    _watch(day, at)


def _stood_at(moment: datetime) -> bool:
    """Whether this portal was there then: nothing is due of a day before its first."""
    first = Check.objects.filter(is_own=True).aggregate(first=Min("created_at"))["first"]
    return first is not None and first <= moment


def _watch(day: date, at: datetime) -> None:
    """Told once when it begins, and once when it is over."""
    came = OperationRun.objects.filter(kind=KIND, state=OperationRun.State.ENDED, ended_at__gte=due_at(day)).exists()
    is_told = Alert.objects.filter(dedup_key=DEDUP_KEY, resolved_at=None).exists()
    if came and is_told:
        alerts.receive(_signal(day, is_firing=False, at=at), at=at)
    elif not came and not is_told and at > due_at(day) + PATIENCE:
        alerts.receive(_signal(day, is_firing=True, at=at), at=at)


def _signal(day: date, *, is_firing: bool, at: datetime) -> Signal:
    own = Check.objects.filter(is_own=True).order_by("pk")[0]
    return Signal(
        dedup_key=DEDUP_KEY,
        source="portal",
        title="ops_daily did not run" if is_firing else "ops_daily has run again",
        detail=f"The report of {day} was due at {due_at(day):%H:%M} UTC, and none ended since." if is_firing else "",
        domain_id=own.domain_id,
        severity=Severity.SEV3,
        is_firing=is_firing,
        at=at,
        reason="ops_daily_missing" if is_firing else "",
        joins_domain=True,
    )
