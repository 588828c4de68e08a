"""What leaves the house is a row here first: due time, lease, attempts, idempotency key."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Filters over deliveries."""

    def due(self, at: datetime) -> DeliveryQuerySet:
        """Waiting, due, and not in the hands of a living worker."""
        return self.filter(state=Delivery.State.WAITING, due_at__lte=at).filter(
            models.Q(lease_until=None) | models.Q(lease_until__lt=at)
        )

    def waiting(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.WAITING)


class Delivery(models.Model):
    """One message to one destination. `key` makes a second enqueue of the same news a no-op."""

    class Channel(models.TextChoices):
        SLACK = "slack", "Slack-compatible webhook"
        EMAIL = "email", "E-mail"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"

    key = models.CharField(max_length=128, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # The name of a destination (an environment name or a mail address), never a webhook address itself.
    destination = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Delivery]] = DeliveryQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the sweep each minute: what is due.
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(state="waiting")),
            # Read by the Deliveries screen: newest first.
            models.Index(fields=["-created_at"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.subject}"
