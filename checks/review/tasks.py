"""Background work of weekly reviews."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checks.review import actions
from opsportal.ticker import actions as ticker

NAME = "checks.compile_review"
EVERY = timedelta(minutes=10)


@shared_task(name=NAME, ignore_result=True)
def compile_review(**_: object) -> None:
    """On Monday keep the week that is over. Safe to run twice: a week has one row."""
    if ticker.claim(NAME, every=EVERY):
        actions.compile_due(at=timezone.now())
        ticker.done(NAME)
