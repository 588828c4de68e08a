"""Has a job been heard of when it should have been? A dead man's switch: silence is the failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.probes.context import KNOWN, Context, Spec
from checks.probes.due import MINUTE, Cron, Every, Schedule
from checks.probes.heard import Heard
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

PERIOD_MINUTES, GRACE_MINUTES = 60.0, 5.0


@dataclass(frozen=True)
class Plan:
    """When the job is due, how late it may be, and how long it may run."""

    schedule: Schedule
    grace: timedelta
    longest: timedelta | None

    @classmethod
    def of(cls, spec: Spec) -> "Plan":
        """ValueError for a configuration that nobody could have saved."""
        cron, longest = str(spec.get("cron") or ""), spec.get("max_run_minutes")
        period = Every(float(spec.get("period_minutes") or PERIOD_MINUTES) * MINUTE)
        grace = spec.get("grace_minutes")
        return cls(
            schedule=Cron.parse(cron, str(spec.get("time_zone") or "UTC")) if cron else period,
            grace=(GRACE_MINUTES if grace is None else float(grace)) * MINUTE,
            longest=float(longest) * MINUTE if longest else None,
        )


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """None until the first report, as long as it is not late."""
    heard = spec.get(KNOWN)
    try:
        plan = Plan.of(spec)
    except (ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    return judge(plan, heard, context.now()) if isinstance(heard, Heard) else None


def judge(plan: Plan, heard: Heard, now: datetime) -> Outcome | None:
    """The newest report counts. Latency is how long the last run took."""
    ok_at, fail_at = _fresh(heard.ok_at, heard), _fresh(heard.fail_at, heard)
    if fail_at and (ok_at is None or fail_at > ok_at):
        return failed(ErrorClass.REPORTED)
    due = plan.schedule.next_after(ok_at or heard.since) + plan.grace
    started_at = _fresh(heard.started_at, heard)
    if plan.longest and started_at and (ok_at is None or started_at > ok_at):
        if now > started_at + plan.longest:
            return failed(ErrorClass.OVERRUN)
        due = max(due, started_at + plan.longest)  # it runs, and may for so long
    if now > due:
        return failed(ErrorClass.LATE)
    return passed(latency_ms=heard.duration_ms) if ok_at else None


def _fresh(moment: datetime | None, heard: Heard) -> datetime | None:
    return moment if moment and moment >= heard.since else None
