"""Ways in beside the usual one: they work when others fail, and every admin hears of them."""

from datetime import datetime

from django.conf import settings

from opsportal.audit import actions as audit
from opsportal.models import Delivery, User
from opsportal.outbox.actions import enqueue, tell_operators


def tell_admins(person: User, what: str, *, at: datetime) -> None:
    """Write it down, tell the ops channel, and every admin who has an address. Never the address of anybody else."""
    audit.record("login.break_glass", by=person.username, object=person.username, reason=what)
    key = f"break-glass:{person.username}:{at.isoformat()}"
    subject = f"Break-glass: {person.username} {what}"
    body = (
        f"{person.username} {what} at {at:%H:%M} UTC. Did nobody expect this? End their sessions on the People screen."
    )
    tell_operators(key=key, subject=subject, body=body, at=at)
    if settings.EMAIL_CONFIGURED:
        for admin in User.objects.admins().exclude(email="").exclude(email__in=settings.ALERT_EMAIL):
            enqueue(
                key=f"{key}:{admin.pk}",
                channel=Delivery.Channel.EMAIL,
                destination=admin.email,
                subject=subject,
                body=body,
                at=at,
            )
