"""Runs of operations as a house of twelve weeks has them: each day's report, a weekly look, one that was cancelled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from checks.operations import plans, releases
from checks.operations.models import OperationLine, OperationRun
from checks.operations.plans import Plan
from incidents.changes.models import Change
from incidents.changes.states import Result
from opsportal.audit.models import AuditEvent
from opsportal.backup import log
from opsportal.models import User

_DAYS = 14
_HEALTHY = (
    "ops_daily check=api-health status=healthy samples=1440 availability=99.93 coverage=100.00 p95_ms=212",
    "ops_daily check=portal-live status=healthy samples=2880 availability=100.00 coverage=100.00 p95_ms=9",
    "ops_daily_totals checks=2 healthy=2 unhealthy=0 insufficient_data=0 blocked=0 delivered_total=4320 ok=4319 err=1 "
    "unknown=0 availability=99.97 coverage=100.00 p95_ms=208",
    "ops_daily_watchdog status=healthy",
)
_UNHEALTHY = (
    "ops_daily check=api-health status=unhealthy samples=1440 availability=96.87 coverage=100.00 p95_ms=940",
    *_HEALTHY[1:2],
    "ops_daily_totals checks=2 healthy=1 unhealthy=1 insufficient_data=0 blocked=0 delivered_total=4320 ok=4275 err=45 "
    "unknown=0 availability=98.95 coverage=100.00 p95_ms=902",
    "ops_daily_watchdog status=unhealthy reason=checks_unhealthy",
)


@dataclass(frozen=True)
class Ran:
    """A run: so many hours ago when by hand, so many seconds long."""

    hours: int
    command: str
    reason: str
    lines: tuple[str, ...]
    code: int | None = 0
    seconds: int = 4


_BY_HAND = (
    Ran(170, "prod_config_contract --mode=ci", "weekly look", ("prod_config status=ok",)),
    Ran(169, "db_verify", "weekly look", ("db_verify status=ok",)),
    Ran(
        74,
        "policy_check",
        "before the release",
        (
            "check_docs_routes status=ok count=74",
            "check_slo_policy finding=owner_missing where=legacy-import:backend",
            "check_slo_policy status=fail reason=owner_missing",
            "policy_check status=fail reason=owner_missing",
        ),
        code=1,
        seconds=9,
    ),
    Ran(
        30,
        "benchmark_queries",
        "the list felt slow",
        ("benchmark_queries query=check_list status=ok queries=7 rounds=10 mean_ms=8.1 p95_ms=11.4",),
        code=None,
        seconds=6,
    ),
    Ran(
        29,
        "benchmark_queries",
        "once more, to its end",
        (
            "benchmark_queries query=check_list status=ok queries=7 rounds=10 mean_ms=7.9 p95_ms=10.2",
            "benchmark_queries query=now_board status=ok queries=9 rounds=10 mean_ms=6.3 p95_ms=8.0",
            "benchmark_queries status=ok",
        ),
        seconds=14,
    ),
    Ran(5, "policy_check", "before migration 0042", ("policy_check status=ok checks=4",), seconds=9),
    Ran(5, "db_bootstrap --dry-run", "before migration 0042", ("db_bootstrap_dry_run status=ok migrations=42",)),
    Ran(
        5,
        "db_rollback_plan",
        "before migration 0042",
        (
            "db_rollback_plan migration=shop.0041 reversible=yes safe=yes",
            "db_rollback_plan migration=shop.0040 reversible=yes safe=no reason=drops_column",
            "db_rollback_plan status=ok reversible=1 irreversible=1",
        ),
    ),
    Ran(6, "audit_verify", "after the restore drill", ("audit_verify status=ok rows=412 unsealed=0",), seconds=3),
)
_PARTS = ("prod_config status=ok", "db_verify status=ok")
_VERIFIED = (
    *_PARTS,
    "ops_daily_watchdog status=healthy",
    "runtime_health status=ok",
    "prod_verify status=ok mode=verify",
)
_NOT_VERIFIED = (
    *_PARTS,
    "ops_daily_watchdog status=unhealthy reason=checks_unhealthy",
    "runtime_health status=ok",
    "prod_verify status=fail mode=verify reason=checks_unhealthy",
)
# How many minutes ago production was looked at after the change that is behind the open SEV-1.
_FAILED = (44, 31, 17)


def _verified(at: datetime) -> Iterator[tuple[datetime, Ran]]:
    """After each change that held somebody looked at production, until it began to fail."""
    until = at - timedelta(minutes=max(_FAILED) + 20)
    held = Change.objects.filter(result=Result.SUCCEEDED, finished_at__lt=until).order_by("finished_at", "pk")
    for turn, change in enumerate(held):
        if change.finished_at is not None:
            looked = change.finished_at + timedelta(minutes=8 + turn * 5 % 14)
            yield looked, Ran(1, "prod_verify --verify", f"after {change.label}", _VERIFIED, seconds=12)
    for minutes in _FAILED:
        looked = at - timedelta(minutes=minutes)
        yield looked, Ran(1, "prod_verify --verify", "after a change", _NOT_VERIFIED, code=2, seconds=12)


# What ran by itself at its last time; the newest backup and its trial stand in the audit log as well.
_BY_ITSELF = {
    "backup": ("backup_file file={file} bytes=48213004 removed=1", "backup status=ok tables=112 rows=184220"),
    "backup_verify": ("backup_verify status=ok tables=112 rows=184220 chains=2 secrets=9",),
    "prod_verify": ("prod_verify status=not_configured reason=missing_env",),
    "benchmark_queries": (
        "benchmark_queries query=check_list status=ok queries=7 rounds=10 mean_ms=7.7 p95_ms=9.8",
        "benchmark_queries status=ok",
    ),
}


def load(by: User, *, at: datetime) -> None:
    """Oldest first, as they came."""
    told = [*((at - timedelta(hours=one.hours), one) for one in _BY_HAND), *_verified(at)]
    told += [_planned(plan, at) for plan in plans.all_plans().values() if plan.kind in _BY_ITSELF]
    today = plans.plan_of(plans.DAILY).due_at(at)
    assert today is not None
    days = [(today - timedelta(days=ago), ago) for ago in range(_DAYS)]
    for moment, ran in sorted([*told, *days], key=lambda pair: pair[0]):
        if isinstance(ran, Ran):
            _write(ran, moment, by=by if ran.hours else None)
        else:
            bad = ran == _DAYS // 2
            report = Ran(0, "ops_daily --mode=ci", _the_day(moment), _UNHEALTHY if bad else _HEALTHY)
            _write(replace(report, code=2 if bad else 0), moment, by=None)
    for act, kind in ((log.TAKE, "backup"), (log.VERIFY, "backup_verify")):
        _note(act, OperationRun.objects.get(kind=kind))


def _note(act: str, run: OperationRun) -> None:
    """What the command itself would have written; a trial is of the backup of that morning."""
    name = _file(datetime.combine(run.asked_at, plans.plan_of("backup").at, UTC))
    AuditEvent.objects.create(act=act, actor="shell", object=name, at=run.asked_at, source=AuditEvent.Source.COMMAND)


def _file(moment: datetime) -> str:
    return f"opsportal-{moment:%Y%m%dT%H%M%SZ}.backup"


def _planned(plan: Plan, at: datetime) -> tuple[datetime, Ran]:
    moment = plan.due_at(at)
    assert moment is not None
    lines = tuple(line.format(file=_file(moment)) for line in _BY_ITSELF[plan.kind])
    return moment, Ran(0, plan.command, _the_day(moment), lines, seconds=9)


def _the_day(moment: datetime) -> str:
    return f"The day of {moment.date()}"


def _write(ran: Ran, moment: datetime, *, by: User | None) -> None:
    ended_at = moment + timedelta(seconds=ran.seconds)
    is_cancelled = ran.code is None
    run = OperationRun.objects.create(
        kind=ran.command.partition(" ")[0],
        command=ran.command,
        state=OperationRun.State.CANCELLED if is_cancelled else OperationRun.State.ENDED,
        source=OperationRun.Source.WEB if by else OperationRun.Source.SCHEDULE,
        by=by,
        reason=ran.reason,
        period=None if by else moment.date(),
        asked_at=moment,
        started_at=moment,
        ended_at=ended_at,
        cancel_asked_at=ended_at if is_cancelled else None,
        cancel_asked_by=by if is_cancelled else None,
        exit_code=ran.code,
        token=ran.lines[-1],
    )
    OperationLine.objects.bulk_create(OperationLine(run=run, at=ended_at, text=text) for text in ran.lines)
    releases.tell(run)
