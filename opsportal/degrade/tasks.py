"""Background work of degrade mode."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from opsportal.degrade import actions
from opsportal.ticker import actions as ticker

NAME = "opsportal.post_limits"
EVERY = timedelta(seconds=10)


@shared_task(name=NAME, ignore_result=True)
def post_limits(**_: object) -> None:
    """Write down what ended, and the file anew should it be gone or old. Safe to run twice."""
    if ticker.claim(NAME, every=EVERY):
        at = timezone.now()
        actions.write_down_ends(at=at)
        actions.post(at=at)
        ticker.done(NAME)
