"""Background work of the outbox."""

from celery import shared_task


@shared_task(name="opsportal.deliver_due")
def deliver_due(**_: object) -> None:
    """Send what is due. Safe to run twice."""
    from opsportal.outbox import actions

    actions.deliver_due()
