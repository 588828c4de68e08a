"""Background work of acts on many checks."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checks.catalogue.bulk import actions
from opsportal import background
from opsportal.ticker import actions as ticker


@shared_task(name="checks.work_off", ignore_result=True)
def work_off(*, number: int, **_: object) -> None:
    """Do the next slice of an act on many checks, then ring for the one after it. Safe to run twice."""
    if actions.work_off(number, at=timezone.now()):
        background.wake("checks.work_off", number=number)


@shared_task(name="checks.work_off_all", ignore_result=True)
def work_off_all(**_: object) -> None:
    """Go on with acts on many checks that stand still. Safe to run twice."""
    if ticker.claim("checks.work_off_all", every=timedelta(seconds=10)):
        actions.work_off_all(at=timezone.now())
        ticker.done("checks.work_off_all")
