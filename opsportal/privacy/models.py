"""All that remains of a prevented leak: a day, a kind, a number."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LeakCount(models.Model):
    """How often a kind was stopped on a day (UTC)."""

    on = models.DateField()
    kind = models.CharField(max_length=60)
    count = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[LeakCount]] = models.Manager()

    class Meta:
        constraints = [
            # Read by "leaks prevented this week", and what makes counting an upsert.
            models.UniqueConstraint(fields=["on", "kind"], name="leak_count_day_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.kind} {self.count}"
