"""Background work of objectives."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checks.slo import actions
from opsportal.ticker import actions as ticker

NAME = "checks.watch_budgets"
EVERY = timedelta(seconds=60)


@shared_task(name=NAME, ignore_result=True)
def watch_budgets(**_: object) -> None:
    """Judge every budget, once a minute. Safe to run twice: the period is claimed, and alerts have keys."""
    if ticker.claim(NAME, every=EVERY):
        actions.evaluate(at=timezone.now())
        ticker.done(NAME)
