"""Background work of the outbox."""

from celery import shared_task
from celery.signals import worker_init


@shared_task(name="opsportal.deliver_due")
def deliver_due(**_: object) -> None:
    """Send what is due. Safe to run twice."""
    from opsportal.outbox import actions

    actions.deliver_due()


@worker_init.connect
def refuse_wrong_key(**_: object) -> None:
    """A worker that cannot open its destinations would fail every message, one by one: it does not start."""
    from django.db import connections

    from opsportal.secrets import actions

    actions.refuse_wrong_key()
    connections.close_all()  # the children that are forked next open their own
