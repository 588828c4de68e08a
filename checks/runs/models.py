"""Flips: the only event log of checks. One row is history, outbox and ledger at once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from checks.catalogue.models import Check
from checks.catalogue.states import CHOICES

# The reason of a flip into flapping, and of the alert it makes.
FLAPPING = "flapping"
# The reason of a flip to no data that the target itself asked for.
NO_DATA = "no_data"


class FlipQuerySet(models.QuerySet["Flip"]):
    """Filters over flips."""

    def undelivered(self) -> FlipQuerySet:
        return self.filter(processed_at=None)


class Flip(models.Model):
    """That a check's state changed, and why. Claimed by compare-and-set on `processed_at`."""

    check_ref = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="flips", db_column="check_id")
    at = models.DateTimeField(db_default=Now(), editable=False)
    old = models.CharField(max_length=24, choices=CHOICES)
    new = models.CharField(max_length=24, choices=CHOICES)
    reason = models.CharField(max_length=24, blank=True)
    failures = models.PositiveIntegerField(default=0)
    processed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Flip]] = FlipQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the sweep: flips that nobody delivered yet.
            models.Index(fields=["at"], name="flip_undelivered", condition=models.Q(processed_at=None)),
            # Read by the check's page: its history.
            models.Index(fields=["check_ref", "-at"], name="flip_history"),
        ]

    def __str__(self) -> str:
        return f"{self.check_ref_id} {self.old} -> {self.new}"
