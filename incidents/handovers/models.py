"""Hand-overs: one person's shift ends, another's begins, and what goes over is written down and taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

from incidents.oncall.models import Rotation
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

# So long after the shift begins may "I have it" take.
GRACE = timedelta(minutes=30)


class HandOver(models.Model):
    """The packet of one change of shift. `items` name things by number and state, never by title: titles may go."""

    rotation = models.ForeignKey(Rotation, on_delete=models.PROTECT, related_name="hand_overs")
    giver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    shift_at = models.DateTimeField()
    word = GuardedTextField(blank=True, max_length=2_000)
    items = models.JSONField(default=list)
    offered_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[HandOver]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rotation", "shift_at"], name="hand_over_once")]
        indexes = [
            # Read by the calendar: the newest packets.
            models.Index(fields=["-shift_at"], name="hand_over_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rotation}: {self.giver or 'nobody'} to {self.receiver}"

    @property
    def due_at(self) -> datetime:
        return self.shift_at + GRACE

    @property
    def was_late(self) -> bool:
        """Taken after its time."""
        return self.accepted_at is not None and self.accepted_at > self.due_at

    def is_late(self, at: datetime) -> bool:
        """Not taken, and its time is over."""
        return self.accepted_at is None and at > self.due_at
