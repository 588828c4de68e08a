"""Background work of operations: a process for each run, upkeep of the runs, and the report of the day."""

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from checks.operations import actions, schedule
from checks.operations.models import OperationRun
from opsportal import turns
from opsportal.ticker import actions as ticker


@shared_task(name=actions.TASK, ignore_result=True)
def run_operation(*, run_id: int, **_: object) -> None:
    """Start the run in a process of its own, so that a worker is free at once. Safe to run twice: a run is claimed."""
    if OperationRun.objects.filter(pk=run_id, state=OperationRun.State.WAITING).exists():
        subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_operation", str(run_id)],
            env={name: value for name, value in os.environ.items() if name != "OPSPORTAL_PROCESS"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )


@shared_task(name="checks.keep_operations", ignore_result=True)
def keep_operations(**_: object) -> None:
    """Look after runs and after the report of the day. Safe to run twice."""
    if ticker.claim("checks.keep_operations", every=timedelta(seconds=30)):
        at = timezone.now()
        turns.all_of(partial(actions.keep_all, at=at), partial(schedule.look, at=at))
        ticker.done("checks.keep_operations")
