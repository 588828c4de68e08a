"""Background work of the scheduler."""

from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from checks.rollups.roll_up import roll_up as roll_up_buckets
from checks.runs import actions as runs
from checks.runs import planned_work
from checks.scheduler import actions
from opsportal import background
from opsportal.ticker import actions as ticker


@shared_task(name="checks.tick", ignore_result=True)
def tick(**_: object) -> None:
    """Run what is due. Safe to run twice: a check is claimed once."""
    actions.tick()


@shared_task(name="checks.tick_slow", ignore_result=True)
def tick_slow(**_: object) -> None:
    """Run what is due of the kinds that take their time. Safe to run twice: a check is claimed once."""
    actions.tick(actions.SLOW)


@shared_task(name="checks.roll_up", ignore_result=True)
def roll_up(**_: object) -> None:
    """Keep partitions, hours, days and weeks up to date, and admit silence. Safe to run twice."""
    at = timezone.now()
    actions.upkeep(at=at)
    if ticker.claim("checks.roll_up", every=timedelta(seconds=60)):
        runs.admit_silence(at=at)
        roll_up_buckets(at)
        planned_work.recount(at=at)
        ticker.done("checks.roll_up")


@worker_ready.connect
def keep_at_start(**_: object) -> None:
    """After a long stop the first results need their partitions at once."""
    background.wake("checks.roll_up")
