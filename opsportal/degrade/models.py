"""When request limits were lowered, by whom, why, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from opsportal.privacy.fields import GuardedTextField


class LoweredLimitsQuerySet(models.QuerySet["LoweredLimits"]):
    """Filters over lowered limits."""

    def open(self) -> LoweredLimitsQuerySet:
        """Those whose end nobody has written down yet."""
        return self.filter(ended_at=None)

    def running(self, at: datetime) -> LoweredLimitsQuerySet:
        return self.open().filter(until__gt=at)


class LoweredLimits(models.Model):
    """The limits of one while. `ended_at` comes when it is over: early by a person, else by the clock."""

    body_bytes = models.PositiveIntegerField()
    batch_items = models.PositiveIntegerField()
    reason = GuardedTextField(max_length=200)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager[LoweredLimits]] = LoweredLimitsQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.body_bytes} bytes, {self.batch_items} items until {self.until:%H:%M}"

    @property
    def body_kib(self) -> int:
        return self.body_bytes // 1024
