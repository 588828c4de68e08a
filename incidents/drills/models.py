"""Scenarios, drills that are played from them, what is thrown in, and the words of the preview page."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from incidents.drills import script
from incidents.drills.script import Script
from incidents.ownership.models import Domain
from incidents.response.models import Incident
from incidents.response.states import Status
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField
from opsportal.recurrence import RULES, in_words


class Scenario(models.Model):
    """What may be played: a text that people edit (script.py). Its slug is its address and never changes."""

    slug = models.SlugField(max_length=40, unique=True)
    document = GuardedTextField("scenario")
    # Moves with every change: two people at the same one are told apart.
    version = models.PositiveIntegerField(default=1)
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("incidents:scenario", args=[self.slug])

    @property
    def script(self) -> Script:
        return script.kept(self.document)


class State(models.TextChoices):
    """Where a drill stands. Only one that was played to its end counts as held."""

    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Stopped early"
    EXPIRED = "expired", "Ended by itself"


class Drill(models.Model):
    """One drill. Its number is what people say: DRILL-7. The scenario is copied when it begins."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="drills")
    document = GuardedTextField("scenario as it was")
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    # The flag: while it stands here, the check of drills fails with this word.
    flag = models.CharField(max_length=24, blank=True)
    # None when the schedule began it.
    facilitator = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    # Then it ends by itself, whatever became of who plays and who works.
    ends_by = models.DateTimeField()
    mitigated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = GuardedTextField("why it was stopped", blank=True)
    lessons = GuardedTextField(blank=True)
    incident = models.OneToOneField(Incident, null=True, on_delete=models.PROTECT, related_name="drill")
    # The score sheet as it was at the end (score.py); empty while it runs.
    score = models.JSONField(default=list)
    # Moves with every change of the room; what a poll compares.
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            # One at a time: whatever fails on purpose belongs to that one.
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state=State.RUNNING), name="drill_one_running"
            ),
        ]
        indexes = [
            # Read by the list, the readiness trend and the weekly review.
            models.Index(fields=["-started_at"], name="drill_newest"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("incidents:drill", args=[self.number])

    @property
    def label(self) -> str:
        return f"DRILL-{self.number}"

    @property
    def script(self) -> Script:
        return script.kept(self.document)

    @property
    def is_running(self) -> bool:
        return self.state == State.RUNNING

    @property
    def points(self) -> int:
        return sum(row["points"] for row in self.score)

    @property
    def possible(self) -> int:
        return sum(row["of"] for row in self.score)

    @property
    def percent(self) -> int | None:
        """Of the points that could be had; None while there is no score."""
        return round(100 * self.points / self.possible) if self.possible else None

    def step(self, key: str) -> str:
        """The subject of a step's clock: DRILL-7:detect."""
        return f"{self.label}:{key}"


class Inject(models.Model):
    """One thing that is thrown in. Sent once, by the sweep when its time has come or by the facilitator."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="injects")
    position = models.PositiveSmallIntegerField()
    text = GuardedTextField()
    is_alert = models.BooleanField(default=False)
    # None: held back until the facilitator sends it.
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["drill", "position"], name="inject_one_place")]

    def __str__(self) -> str:
        return f"inject {self.position} of {self.drill_id}"


class Word(models.Model):
    """What would have been published: it stands on the drill's preview page and nowhere else."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="words")
    status = models.CharField(max_length=16, choices=Status.choices)
    body = GuardedTextField()
    next_update_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            # Read by the drill's room and its preview page.
            models.Index(fields=["drill", "-published_at"], name="drill_words"),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.drill_id}"


class Plan(models.Model):
    """When drills begin by themselves. One row; without a scenario they take turns."""

    is_on = models.BooleanField(default=False)
    scenario = models.ForeignKey(Scenario, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rule = models.CharField(max_length=16, choices=list(RULES.items()))
    first_on = models.DateField()
    clock = models.TimeField()
    time_zone = models.CharField(max_length=40, default="UTC")
    next_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Plan]] = models.Manager()

    def __str__(self) -> str:
        return "plan of drills"

    @property
    def words(self) -> str:
        """Every month, on the second Tuesday, at 10:00 UTC."""
        return f"{in_words(self.rule, self.first_on)}, at {self.clock:%H:%M} {self.time_zone}"
