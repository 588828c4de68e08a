"""What is done again and again: a duty with its rule, and each time that it was due."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from incidents.ownership.models import handle_validator
from opsportal import recurrence
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class Duty(models.Model):
    """Something owed by a rule. Its slug is its address and stands in the names of its clocks."""

    class Evidence(models.TextChoices):
        """What proves that it was done; `proof` names which."""

        NOTE = "note", "A note of who did it"
        OPERATION = "operation", "An operation that ends with exit 0"
        CHECK = "check", "A check that passes"
        SHEET = "sheet", "The daily sheet, signed"
        DRILL = "drill", "A drill, played to its end"

    slug = models.SlugField(max_length=40, unique=True)
    title = GuardedTextField(max_length=120)
    what = GuardedTextField("what is done", blank=True)
    owner = models.CharField(max_length=64, validators=[handle_validator])
    rule = models.CharField(max_length=16, choices=list(recurrence.RULES.items()))
    first_on = models.DateField()
    # By this hour on the wall of this place.
    clock = models.TimeField()
    time_zone = models.CharField(max_length=40, default="UTC")
    evidence = models.CharField(max_length=9, choices=Evidence.choices, default=Evidence.NOTE)
    # The kind of the operation, such as backup_verify, or the key of the check.
    proof = models.CharField(max_length=64, blank=True)
    remind_hours = models.PositiveSmallIntegerField(default=24)
    since = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    # Moves with every change: two people at the same one are told apart.
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("incidents:duty", args=[self.slug])

    @property
    def words(self) -> str:
        """Every month, on day 28, by 12:00 UTC."""
        return f"{recurrence.in_words(self.rule, self.first_on)}, by {self.clock:%H:%M} {self.time_zone}"

    def due_after(self, moment: datetime) -> datetime:
        """The first time that it is due strictly after a moment."""
        return recurrence.next_after(moment, self.rule, first=self.first_on, clock=self.clock, zone=self.time_zone)


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    """Filters over occurrences."""

    def open(self) -> OccurrenceQuerySet:
        return self.filter(state=Occurrence.State.OPEN)


class Occurrence(models.Model):
    """One time that a duty was due: its clock is an obligation `duty` about `subject`, its evidence lies here."""

    class State(models.TextChoices):
        OPEN = "open", "To be done"
        HELD = "held", "Done"
        WAIVED = "waived", "Waived"
        MISSED = "missed", "Missed"

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="occurrences")
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    # None when a rule of the house or a machine settled it.
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    evidence = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[Occurrence]] = OccurrenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["duty", "due_at"], name="occurrence_once"),
            # One at a time: what is done now settles that one.
            models.UniqueConstraint(fields=["duty"], condition=models.Q(state="open"), name="occurrence_one_open"),
        ]
        indexes = [
            # Read by the calendar and the weekly review.
            models.Index(fields=["due_at"], name="occurrence_due"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """What its clock is about: monthly-drill 2026-12-28."""
        return f"{self.duty.slug} {self.due_at:%Y-%m-%d}"

    @property
    def was_late(self) -> bool:
        return self.settled_at is not None and self.state == self.State.HELD and self.settled_at > self.due_at
