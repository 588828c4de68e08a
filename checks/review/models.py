"""The weekly review as it was compiled, what people answered to it, and what they promised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from checks.trends import isoweek
from incidents.ownership.models import handle_validator
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class Review(models.Model):
    """One ISO week. `figures` is all that its page shows: once it is signed, nothing touches it any more."""

    # The Monday, UTC.
    start = models.DateField(unique=True)
    figures = models.JSONField()
    compiled_at = models.DateTimeField()
    notes = GuardedTextField(max_length=4_000, blank=True)
    # Moves with every edit of the notes: two people at the same ones are told apart.
    version = models.PositiveIntegerField(default=1)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Review]] = models.Manager()

    def __str__(self) -> str:
        return self.week

    def get_absolute_url(self) -> str:
        return reverse("checks:review", args=[self.week])

    @property
    def week(self) -> str:
        """2026-W46."""
        return isoweek.name(self.start)

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.start, datetime.min.time(), tzinfo=UTC)

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None


class Finding(models.Model):
    """One of the things that got worse: somebody accepts it as work, or rejects it and says why."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="findings")
    # The key of the check.
    about = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    words = models.CharField(max_length=200)
    owner = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    reason = GuardedTextField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Finding]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "about"], name="finding_once")]

    def __str__(self) -> str:
        return f"{self.about}: {self.words}"


class ReviewAction(models.Model):
    """What somebody promised in a review, by when."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="actions")
    title = GuardedTextField(max_length=200)
    owner = models.CharField(max_length=64, validators=[handle_validator])
    due_on = models.DateField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[ReviewAction]] = models.Manager()

    class Meta:
        indexes = [
            # Read by every review: what earlier ones left to do.
            models.Index(fields=["due_on"], name="review_action_open", condition=models.Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return self.title
