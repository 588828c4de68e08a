"""Reads of the outbox: what waits, for how long."""

from django.db.models import Min
from django.db.models.functions import Now

from opsportal.outbox.models import Delivery


def oldest_due_seconds() -> float | None:
    """Age of the oldest delivery that should have left by now, in seconds; 0 when none waits."""
    row = Delivery.objects.waiting().filter(due_at__lte=Now()).aggregate(oldest=Now() - Min("due_at"))
    return row["oldest"].total_seconds() if row["oldest"] else 0.0
