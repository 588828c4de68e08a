"""Start a run, ask it to end, and look after those that nobody runs any more."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from checks.operations import kinds, plans, releases, verdicts
from checks.operations.models import OperationLine, OperationPlan, OperationRun
from checks.operations.plans import Plan
from incidents.runbooks.models import RunbookStep
from opsportal import turns
from opsportal.audit import actions as audit
from opsportal.background import after_commit, wake
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

TASK = "checks.run_operation"
LEASE = timedelta(seconds=20)
KEPT = timedelta(days=180)
# So long a bell may be on its way before it is rung again.
_PATIENCE = timedelta(seconds=15)
_LOST, _CANCELLED = "worker_lost", "cancelled"
_EXIT_LOST = 1
SYSTEM = "schedule"
# Who wants to hear of each run that is over, in the transaction that ends it.
listeners: list[Callable[..., object]] = []


@transaction.atomic
def start(command: str, *, reason: str, by: User, at: datetime, step: RunbookStep | None = None) -> OperationRun:
    """Ask for a run by hand; Refused while one of its kind runs. `step` is the one of a runbook that wants to know."""
    operation = kinds.named(command.partition(" ")[0])
    if operation is None or not operation.allows(command):
        raise Refused("UNKNOWN_OPERATION", "There is no such operation. Choose one from the list.")
    if not by.has_role(operation.role):
        raise Denied("ROLE_TOO_LOW", f"{operation.name} is for the role {operation.role.label.lower()} and above.")
    guard.require_clean(command)
    run = OperationRun(
        kind=operation.name,
        command=command,
        source=OperationRun.Source.WEB,
        by=by,
        reason=reason,
        asked_at=at,
        step=step,
    )
    return _ask(run, by=by.username)


@transaction.atomic
def schedule(command: str, *, period: date, at: datetime) -> OperationRun | None:
    """The run of a day, claimed by its row; None when the day was claimed already or one of its kind runs."""
    kind = command.partition(" ")[0]
    if OperationRun.objects.filter(kind=kind, period=period).exists():
        return None
    run = OperationRun(
        kind=kind,
        command=command,
        source=OperationRun.Source.SCHEDULE,
        reason=f"The day of {period}",
        period=period,
        asked_at=at,
    )
    try:
        return _ask(run, by=SYSTEM)
    except Refused:
        return None


@transaction.atomic
def plan(kind: str, wish: Plan, *, by: User, at: datetime) -> None:
    """Say when an operation runs by itself. Missed runs are not caught up."""
    operation = kinds.named(kind)
    if operation is None or wish.command not in operation.commands:
        raise Refused("UNKNOWN_OPERATION", "There is no such operation. Choose one from the list.")
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", "Admins say what runs by itself.")
    if kind == plans.DAILY and wish.every != OperationPlan.Every.DAY:
        raise Refused("DAILY_STAYS", "ops_daily runs every day; only its time can be another.")
    said = {"command": wish.command, "every": wish.every, "at": wish.at, "weekday": wish.weekday}
    OperationPlan.objects.update_or_create(kind=kind, defaults={**said, "changed_by": by, "changed_at": at})
    audit.record("operation.plan", by=by.username, object=wish.command, reason=wish.words)


def _ask(run: OperationRun, *, by: str) -> OperationRun:
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        raise Refused("ALREADY_RUNS", _who_runs(run.kind)) from None
    audit.record("operation.run", by=by, object=run.command, reason=run.reason)
    after_commit(TASK, run_id=run.pk)
    return run


def _who_runs(kind: str) -> str:
    running = OperationRun.objects.open().filter(kind=kind).select_related("by").first()
    who = f"started by {running.who} at {running.asked_at:%H:%M} UTC" if running else "asked for a moment ago"
    return f"{kind} runs already, {who}. One at a time; wait for it or cancel it."


@transaction.atomic
def cancel(run: OperationRun, *, by: User, at: datetime) -> OperationRun:
    """Ask a run to end. One that has not begun ends at once; another within seconds."""
    run = OperationRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_open:
        raise Refused("ALREADY_OVER", "This run is over already.")
    if not may_cancel(run, by):
        raise Denied("ROLE_TOO_LOW", f"Whoever may start {run.kind} may end it; it is for a higher role than yours.")
    audit.record("operation.cancel", by=by.username, object=run.command)
    run.cancel_asked_at, run.cancel_asked_by = at, by
    run.save(update_fields=["cancel_asked_at", "cancel_asked_by"])
    if run.state == OperationRun.State.WAITING:
        finish(run, state=OperationRun.State.CANCELLED, code=None, reason=_CANCELLED, at=at)
    return run


def may_cancel(run: OperationRun, person: User) -> bool:
    """Whoever may start one of its kind. One that is in no list any more is for admins."""
    operation = kinds.named(run.kind)
    return person.has_role(operation.role if operation is not None else Role.ADMIN)


def claim(run_id: int, *, at: datetime) -> OperationRun | None:
    """The run, for the one who may run it now."""
    claimed = OperationRun.objects.filter(pk=run_id, state=OperationRun.State.WAITING).update(
        state=OperationRun.State.RUNNING, started_at=at, lease_until=at + LEASE
    )
    return OperationRun.objects.get(pk=run_id) if claimed else None


def keep(run: OperationRun, lines: list[tuple[datetime, str]], *, at: datetime) -> bool:
    """Write what was said and hold on to the lease; False when the run was ended or is asked to end."""
    with transaction.atomic():
        held = OperationRun.objects.filter(pk=run.pk, state=OperationRun.State.RUNNING).update(lease_until=at + LEASE)
        if not held:
            return False
        OperationLine.objects.bulk_create(OperationLine(run=run, at=when, text=text) for when, text in lines)
    return not OperationRun.objects.filter(pk=run.pk).exclude(cancel_asked_at=None).exists()


@transaction.atomic
def finish(run: OperationRun, *, state: str, code: int | None, at: datetime, reason: str = "") -> bool:
    """Write how it ended, once. `reason` makes the token line that the command did not live to say."""
    locked = OperationRun.objects.select_for_update().get(pk=run.pk)
    if not locked.is_open:
        return False
    operation = kinds.named(locked.kind)
    if reason and operation is not None:
        OperationLine.objects.create(run=locked, at=at, text=operation.line("fail", reason))
    newest = locked.lines.order_by("-pk").first()
    locked.state, locked.exit_code, locked.ended_at, locked.lease_until = state, code, at, None
    locked.token = newest.text if newest is not None else ""
    locked.save(update_fields=["state", "exit_code", "ended_at", "lease_until", "token"])
    verdicts.note(locked, at=at)
    releases.tell(locked)
    for listener in listeners:
        listener(locked, at=at)
    return True


def keep_all(*, at: datetime) -> None:
    """Ring again for who waits, end what nobody runs any more, forget what is old. Safe to run twice."""
    for pk in OperationRun.objects.filter(state=OperationRun.State.WAITING, asked_at__lt=at - _PATIENCE).values_list(
        "pk", flat=True
    ):
        wake(TASK, expires=30.0, run_id=pk)
    OperationRun.objects.filter(ended_at__lt=at - KEPT).delete()
    lost = OperationRun.objects.filter(state=OperationRun.State.RUNNING, lease_until__lt=at).order_by("pk")
    turns.each(lost, lambda run: _give_up(run, at=at))


def _give_up(run: OperationRun, *, at: datetime) -> None:
    if finish(run, state=OperationRun.State.LOST, code=_EXIT_LOST, reason=_LOST, at=at):
        audit.record("operation.lost", by=SYSTEM, object=run.command, result="failed")
