"""One idea for every deadline: something owed by a time, met, or waived with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class ObligationQuerySet(models.QuerySet["Obligation"]):
    """Filters over obligations."""

    def open(self) -> ObligationQuerySet:
        return self.filter(met_at=None, waived_at=None)

    def late(self, at: datetime) -> ObligationQuerySet:
        return self.open().filter(due_at__lt=at)


class Obligation(models.Model):
    """What is owed, about what, by when.

    `subject` is a stable token such as INC-12, so that this room needs no foreign key to the rooms above.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGE = "acknowledge", "Acknowledge"
        FIRST_PUBLIC_UPDATE = "first_public_update", "First public update"
        PUBLIC_UPDATE = "public_update", "Public update"
        VERIFICATION = "verification", "Recovery verification"
        POSTMORTEM = "postmortem", "Post-mortem"
        CHECK_BACK = "check_back", "Look back at a decision"
        WEEKLY_REVIEW = "weekly_review", "Weekly review"
        DRILL_STEP = "drill_step", "Drill step"
        DUTY = "duty", "Duty"
        HANDOVER = "handover", "Hand-over"
        CHANGE_VERIFICATION = "change_verification", "Verification after a change"

    kind = models.CharField(max_length=32, choices=Kind.choices)
    subject = models.CharField(max_length=64)
    owner = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    # When the holder, and then the backup, was reminded of this due time; empty again when it moves.
    reminded_at = models.DateTimeField(null=True)
    backup_reminded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    waived_at = models.DateTimeField(null=True)
    waived_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[Obligation]] = ObligationQuerySet.as_manager()

    class Meta:
        constraints = [
            # One open obligation of a kind a subject: the clock that counts is never ambiguous.
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(met_at=None, waived_at=None),
                name="obligation_one_open",
            ),
        ]
        indexes = [
            # Read by Now and the rooms: what is due next.
            models.Index(fields=["due_at"], name="obligation_due", condition=models.Q(met_at=None, waived_at=None)),
            # Read by a room: all clocks of one subject.
            models.Index(fields=["subject"], name="obligation_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.subject}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.waived_at is None
