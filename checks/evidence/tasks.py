"""Look which checks prove a duty."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checks.evidence import actions
from opsportal.ticker import actions as ticker


@shared_task(name="checks.prove_duties", ignore_result=True)
def prove_duties(**_: object) -> None:
    """Checks that pass settle what waits for them. Safe to run twice."""
    if ticker.claim("checks.prove_duties", every=timedelta(minutes=1)):
        actions.of_checks(at=timezone.now())
        ticker.done("checks.prove_duties")
