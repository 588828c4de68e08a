"""What workers did proves duties: an operation that ended well, a check that passes. Calls down, never up."""

import re
from datetime import datetime

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.operations import actions as operations
from checks.operations.models import OperationRun
from incidents.duties import actions as duties
from incidents.duties import queries as owed
from incidents.duties.models import Duty
from opsportal import turns

Evidence = Duty.Evidence
# Without its names an operation ends well too, and so does one that only looks at the configuration: nothing was done.
_NOTHING_DONE = re.compile(r"\bstatus=not_configured\b|\bmode=dry_run\b")
# For which exit 0 is not enough: the form that does all of it, and the word of its token line.
_WANTED = {"prod_verify": ("--verify", "status=ok")}


def of_run(run: OperationRun, *, at: datetime) -> None:
    """An operation ended with exit 0 and did what it is for: its token line is the evidence. Safe to run twice."""
    if _is_evidence(run):
        duties.meet(Evidence.OPERATION, run.kind, said=run.token or run.command, at=at, by=run.by)


def _is_evidence(run: OperationRun) -> bool:
    if run.state != OperationRun.State.ENDED or run.exit_code != 0 or _NOTHING_DONE.search(run.token):
        return False
    form, word = _WANTED.get(run.kind, ("", ""))
    return form in run.command and word in run.token


def of_checks(*, at: datetime) -> None:
    """Checks that pass, and passed since the duty was opened. Safe to run twice."""
    opened = dict(owed.waiting_for(Evidence.CHECK))
    passing = Check.objects.in_use().filter(key__in=opened, state=State.HEALTHY, last_ok=True).order_by("pk")
    turns.each(passing, lambda check: _of_check(check, opened[check.key], at=at))


def _of_check(check: Check, opened_at: datetime, *, at: datetime) -> None:
    if check.last_run_at is not None and check.last_run_at >= opened_at:
        said = f"{check.name} passed at {check.last_run_at:%Y-%m-%d %H:%M} UTC"
        duties.meet(Evidence.CHECK, check.key, said=said, at=at)


def register() -> None:
    """Called once, when the app is ready."""
    if of_run not in operations.listeners:
        operations.listeners.append(of_run)
