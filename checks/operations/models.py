"""A run of an operation: who asked, why, its lines as they came, and how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.urls import reverse

from incidents.runbooks.models import RunbookStep
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class OperationRunQuerySet(models.QuerySet["OperationRun"]):
    """Filters over runs."""

    def open(self) -> OperationRunQuerySet:
        return self.filter(state__in=OperationRun.OPEN)

    def over(self) -> OperationRunQuerySet:
        return self.exclude(state__in=OperationRun.OPEN)

    def newest_first(self) -> OperationRunQuerySet:
        return self.order_by("-pk")


class OperationRun(models.Model):
    """One run; of each kind one at a time. Holds tokens and figures, never a value of a secret.

    `lease_until` moves on while whoever runs it lives. `period` is the UTC day that a scheduled run stands for.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        ENDED = "ended", "Ended"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Lost"

    class Source(models.TextChoices):
        WEB = "web", "By hand"
        SCHEDULE = "schedule", "Scheduled"
        SHELL = "shell", "From the shell"

    OPEN = (State.WAITING, State.RUNNING)

    kind = models.CharField(max_length=40)
    command = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    source = models.CharField(max_length=8, choices=Source.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = GuardedTextField(max_length=200)
    period = models.DateField(null=True)
    # The step of a runbook that asked for it.
    step = models.ForeignKey(RunbookStep, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    cancel_asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    exit_code = models.PositiveSmallIntegerField(null=True)
    # The token of its last line.
    token = GuardedTextField(max_length=400, blank=True)

    objects: ClassVar[models.Manager[OperationRun]] = OperationRunQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the screen: the runs of a kind, newest first, and the last of each.
            models.Index(fields=["kind", "-id"], name="operation_run_of_kind"),
            # Read by the upkeep: what ended long ago.
            models.Index(fields=["ended_at"], name="operation_run_ended"),
        ]
        constraints = [
            # One at a time, whoever asks at the same moment.
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state__in=["waiting", "running"]), name="operation_run_one_of_kind"
            ),
            # A day is claimed once.
            models.UniqueConstraint(fields=["kind", "period"], name="operation_run_one_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.command} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("checks:operation_run", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def who(self) -> str:
        """The person, the shell, or the clock."""
        if self.by is not None:
            return self.by.username
        return "the shell" if self.source == self.Source.SHELL else "the schedule"

    def lasted(self, at: datetime) -> timedelta | None:
        """How long it ran, so far or in all."""
        return None if self.started_at is None else (self.ended_at or at) - self.started_at


class OperationPlan(models.Model):
    """When an operation runs by itself, where an admin said otherwise than the house. One row a kind; times are UTC."""

    class Every(models.TextChoices):
        NEVER = "never", "By hand only"
        DAY = "day", "Every day"
        WEEK = "week", "Every week"
        MONTH = "month", "On the 1st of each month"

    kind = models.CharField(max_length=40, unique=True)
    command = models.CharField(max_length=200)
    every = models.CharField(max_length=5, choices=Every.choices)
    at = models.TimeField()
    # 0 is Monday; of weekly ones.
    weekday = models.PositiveSmallIntegerField(default=0)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[OperationPlan]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.command} {self.every}"


class OperationLine(models.Model):
    """One token line of a run, in the order in which it came."""

    run = models.ForeignKey(OperationRun, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    text = GuardedTextField(max_length=400)

    objects: ClassVar[models.Manager[OperationLine]] = models.Manager()

    def __str__(self) -> str:
        return self.text
