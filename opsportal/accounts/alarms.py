"""What every admin hears of by message, however the destinations are set."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from opsportal.models import Delivery, User
from opsportal.outbox.actions import enqueue, tell_operators
from opsportal.seals.verify import Report


def tell_every_admin(*, key: str, subject: str, body: str, at: datetime) -> None:
    """The operators, and every admin who has an address. The same key again is the same message."""
    # A storm of alerts must not hold this up.
    tell_operators(key=key, subject=subject, body=body, at=at, priority=Delivery.Priority.WRITTEN)
    if settings.EMAIL_CONFIGURED:
        for admin in User.objects.admins().exclude(email="").exclude(email__in=settings.ALERT_EMAIL):
            enqueue(
                key=f"{key}:{admin.pk}",
                channel=Delivery.Channel.EMAIL,
                destination=admin.email,
                subject=subject,
                body=body,
                at=at,
                priority=Delivery.Priority.WRITTEN,
            )


def chain_is_broken(report: Report, began: int) -> None:
    """Once for each break: found again the next day, or by a second command, it is the same message."""
    tell_every_admin(
        key=f"chain-broken:{report.chain}:{report.first_bad}:{began}",
        subject=f"The {report.chain} chain is broken at row {report.first_bad}",
        body=(
            f"Row {report.first_bad} of the {report.chain} chain is not what was sealed: {report.fault}. "
            "Somebody changed the database past the portal, or an older backup was restored. "
            f"Keep a copy of the database and of the exported heads, then look: bin/manage {report.chain}_verify"
        ),
        at=timezone.now(),
    )
