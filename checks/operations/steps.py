"""Steps of runbooks that are run from their page: which can be, asking for a run, and telling what it said."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from checks.catalogue.models import Check
from checks.operations import actions, kinds
from checks.operations.models import OperationRun
from incidents.runbooks import following, startable
from incidents.runbooks import queries as runbooks
from incidents.runbooks.models import Runbook, RunbookStep, RunbookUse
from incidents.runbooks.reading import Trial
from incidents.runbooks.startable import Startable
from opsportal.errors import Refused
from opsportal.models import User

_PROGRAM = "bin/manage "
# The portal's own address is what the operation asks when it is told none.
_OWN_ADDRESS = ' --base-url "$BASE_URL"'


def command_of(text: str) -> str:
    """What a step types in a shell, as the screen of operations names it; empty when that is for the shell alone.

    >>> command_of('bin/manage check_runtime_health --base-url "$BASE_URL"')
    'check_runtime_health'
    >>> command_of("bin/manage db_bootstrap apply_migrations")
    ''
    """
    if not text.startswith(_PROGRAM):
        return ""
    command = text.removeprefix(_PROGRAM).removesuffix(_OWN_ADDRESS)
    operation = kinds.named(command.partition(" ")[0])
    return command if operation is not None and operation.allows(command) and "ID" not in command.split() else ""


def look(trial: Trial) -> Startable | None:
    """Where a step is run, and who may."""
    url = reverse("checks:operation_step")
    if trial.is_check:
        return Startable(url)
    operation = kinds.named(command_of(trial.text).partition(" ")[0])
    return None if operation is None else Startable(url, operation.role)


def register() -> None:
    """Called once, when the app is ready."""
    if look not in startable.lookups:
        startable.lookups.append(look)
    if tell not in actions.listeners:
        actions.listeners.append(tell)


@transaction.atomic
def run(use: RunbookUse, *, number: int, place: int, by: User, at: datetime) -> RunbookStep:
    """Ask for the operation of a step, or look at its check; what it says is compared with what the step expects."""
    step = following.ask(use, number=number, place=place, by=by, at=at)
    if step.way == RunbookStep.Way.CHECK:
        return following.record_step_result(step.pk, got=state_line(step.command, at=at), exit_code=None, at=at)
    command = command_of(step.command)
    if not command:
        raise Refused("SHELL_ONLY", "This command is for the shell. Run it there and paste its last line.")
    # Without the incident: everybody reads this, and it may be hidden.
    reason = f"Step {number} of the runbook {use.runbook.slug}"
    actions.start(command, reason=reason, by=by, at=at, step=step)
    return step


def guide_of(run: OperationRun) -> Runbook | None:
    """The runbook that answers what a run said; none, and no query, when it ended well."""
    return runbooks.first_for([run.token], runbooks.by_token()) if run.exit_code else None


def state_line(key: str, *, at: datetime) -> str:
    """A check's state as a token line."""
    check = Check.objects.in_use().filter(key=key).first()
    return f"check={key} status={check.shown_state(at).value if check is not None else 'unknown'}"


def tell(run: OperationRun, *, at: datetime) -> None:
    """A run is over: the step that asked for it hears what it said."""
    if run.step_id is not None:
        following.record_step_result(run.step_id, got=run.token, exit_code=run.exit_code, at=at)
