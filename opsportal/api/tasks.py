"""Upkeep of what the API remembers."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from opsportal.api import idempotency, throttle
from opsportal.ticker import actions as ticker

EVERY = timedelta(minutes=10)


@shared_task(name="opsportal.forget_requests", ignore_result=True)
def forget_requests(**_: Any) -> None:
    """Remove answers older than a day and counts of minutes that are over. Safe to run twice."""
    if not ticker.claim("opsportal.forget_requests", every=EVERY):
        return
    at = timezone.now()
    idempotency.forget_old(at=at)
    throttle.forget_old(at=at)
    ticker.done("opsportal.forget_requests")
