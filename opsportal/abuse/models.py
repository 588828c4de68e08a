"""Who knocks too often, under a keyed hash and never an address, and who may not knock any more."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from opsportal.privacy.fields import GuardedTextField


class KnockCount(models.Model):
    """How often one stranger was refused at one kind of door in one hour. Kept for 30 days."""

    class Door(models.TextChoices):
        SIGN_IN = "sign_in", "Sign-in"
        API = "api", "API"
        INTAKE = "intake", "Intake"
        READERS = "readers", "Subscribing"

    door = models.CharField(max_length=8, choices=Door.choices)
    who = models.CharField(max_length=16)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "door", "who"], name="knock_once")]

    def __str__(self) -> str:
        return f"{self.count} at {self.door} in {self.hour:%H:00}"


class BanQuerySet(models.QuerySet["Ban"]):
    """Filters over bans."""

    def running(self, at: datetime) -> BanQuerySet:
        return self.filter(lifted_at=None, until__gt=at)


class Ban(models.Model):
    """A stranger who gets no page until a time, and why. A session that lives goes on: people are not strangers."""

    who = models.CharField(max_length=16)
    reason = GuardedTextField(max_length=200)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    until = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=64, blank=True)
    lift_reason = GuardedTextField(blank=True, max_length=200)

    objects: ClassVar[models.Manager[Ban]] = BanQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read with every request of somebody without a session: is this one banned?
            models.Index(fields=["who"], name="ban_running", condition=models.Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"ban of {self.who}"
