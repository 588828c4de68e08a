"""Background work of the abuse desk."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from opsportal.abuse import actions
from opsportal.ticker import actions as ticker

NAME = "opsportal.forget_knocks"
EVERY = timedelta(hours=1)


@shared_task(name=NAME)
def forget_knocks(**_: object) -> None:
    """Drop counts that are older than kept. Safe to run twice."""
    if ticker.claim(NAME, every=EVERY):
        actions.forget(at=timezone.now())
        ticker.done(NAME)
