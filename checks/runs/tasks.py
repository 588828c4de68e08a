"""Background work of runs: news for the other wing."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checks.runs import actions, observing
from opsportal.ticker import actions as ticker


@shared_task(name="checks.deliver_flip", ignore_result=True)
def deliver_flip(*, flip_id: int, **_: object) -> None:
    """Turn a change of state into an alert. Safe to run twice."""
    actions.deliver_flip(flip_id, at=timezone.now())


@shared_task(name="checks.deliver_flips", ignore_result=True)
def deliver_flips(**_: object) -> None:
    """Deliver flips nobody was woken for. Safe to run twice."""
    actions.deliver_flips(at=timezone.now())


@shared_task(name="checks.observe", ignore_result=True)
def observe(**_: object) -> None:
    """Tell the status page what linked checks say. Safe to run twice."""
    if ticker.claim("checks.observe", every=timedelta(seconds=15)):
        observing.observe_all(at=timezone.now())
        ticker.done("checks.observe")
