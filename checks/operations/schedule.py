"""Operations that run by themselves: the row of the day is the claim, and a day without `ops_daily` is an alert."""

from datetime import UTC, datetime, timedelta

from django.db.models import Min, Q

from checks.catalogue.models import Check
from checks.operations import actions, plans
from checks.operations.models import OperationRun
from checks.operations.plans import Plan
from incidents.alerts import actions as alerts
from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from incidents.response.states import Severity

DEDUP_KEY = "operation:ops_daily"
# So late it may be before somebody is told.
PATIENCE = timedelta(hours=2)


def look(*, at: datetime) -> None:
    """Ask for what is due, and tell when `ops_daily` did not come. Safe to run twice, by any number of workers.

    `ops_daily` waits for nobody; of the others one runs at a time, so that a small machine is not crowded.
    """
    began = _began()
    all_plans = plans.all_plans()
    due = {kind: moment for kind, plan in all_plans.items() if (moment := plan.due_at(at)) and began <= moment}
    is_busy = _is_busy()
    for kind in sorted(due, key=lambda kind: (kind != plans.DAILY, due[kind])):
        if kind == plans.DAILY or not is_busy:
            is_busy |= _ask(all_plans[kind], due[kind], at) and kind != plans.DAILY
    if plans.DAILY in due:
        _watch(due[plans.DAILY], at)


def _ask(plan: Plan, moment: datetime, at: datetime) -> bool:
    return actions.schedule(plan.command, period=moment.date(), at=at) is not None


def _is_busy() -> bool:
    scheduled = OperationRun.objects.open().filter(source=OperationRun.Source.SCHEDULE)
    return scheduled.exclude(kind=plans.DAILY).exists()


def _began() -> datetime:
    """When this portal began: nothing is due of a day before its first."""
    first = Check.objects.filter(is_own=True).aggregate(first=Min("created_at"))["first"]
    return first or datetime.max.replace(tzinfo=UTC)


def _watch(moment: datetime, at: datetime) -> None:
    """Told once when it begins, and once when it is over. One by hand or from the shell counts as well."""
    ended = OperationRun.objects.filter(kind=plans.DAILY, state=OperationRun.State.ENDED)
    came = ended.filter(Q(ended_at__gte=moment) | Q(period=moment.date())).exists()
    is_told = Alert.objects.filter(dedup_key=DEDUP_KEY, resolved_at=None).exists()
    if came and is_told:
        alerts.receive(_signal(moment, is_firing=False, at=at), at=at)
    elif not came and not is_told and at > moment + PATIENCE:
        alerts.receive(_signal(moment, is_firing=True, at=at), at=at)


def _signal(moment: datetime, *, is_firing: bool, at: datetime) -> Signal:
    own = Check.objects.filter(is_own=True).order_by("pk")[0]
    return Signal(
        dedup_key=DEDUP_KEY,
        source="portal",
        title="ops_daily did not run" if is_firing else "ops_daily has run again",
        detail=f"The report of {moment:%Y-%m-%d} was due at {moment:%H:%M} UTC, and none ended since."
        if is_firing
        else "",
        domain_id=own.domain_id,
        severity=Severity.SEV3,
        is_firing=is_firing,
        at=at,
        reason="ops_daily_missing" if is_firing else "",
        joins_domain=True,
    )
