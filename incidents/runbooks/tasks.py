"""Upkeep of runbooks: texts of a newer release, uses that everybody left, links outside."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.utils import timezone

from incidents.runbooks import arriving, following, outside
from opsportal import turns
from opsportal.ticker import actions as ticker


@shared_task(name="incidents.keep_runbooks", ignore_result=True)
def keep_runbooks(**_: object) -> None:
    """Once an hour, and when a worker starts. Safe to run twice."""
    if ticker.claim("incidents.keep_runbooks", every=timedelta(hours=1)):
        at = timezone.now()
        turns.all_of(
            partial(arriving.bring_up_to_date, at=at), partial(following.end_left, at=at), partial(outside.look, at=at)
        )
        ticker.done("incidents.keep_runbooks")
