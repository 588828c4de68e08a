"""What belongs to a release: rules, checklist and signature, what was announced, and what operations found."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from incidents.changes.models import Change
from incidents.changes.states import Kind, Result
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class ChangePolicy(models.Model):
    """The rules for one kind of change, as a row that admins edit."""

    kind = models.CharField(max_length=16, primary_key=True, choices=Kind.choices)
    # Within so many minutes of its end prod_verify has to end well; None: nothing is owed.
    verify_minutes = models.PositiveSmallIntegerField(null=True)
    # From so many strict failures in a row on it is advised to take it back.
    advice_failures = models.PositiveSmallIntegerField(default=2)
    # A planned one begins only once its checklist is signed off.
    needs_sign_off = models.BooleanField(default=False)
    # What only people know, a step a line. Planned changes take a copy.
    checklist = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[ChangePolicy]] = models.Manager()

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def steps(self) -> list[str]:
        return [line.strip() for line in self.checklist.splitlines() if line.strip()]


class ReleaseStep(models.Model):
    """A step of a planned change that a person ticks: who, and when."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="checklist")
    position = models.PositiveSmallIntegerField()
    text = GuardedTextField(max_length=200)
    ticked_at = models.DateTimeField(null=True)
    ticked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[ReleaseStep]] = models.Manager()

    class Meta:
        constraints = [
            # Read by the page of the change, in order.
            models.UniqueConstraint(fields=["change", "position"], name="release_step_place"),
        ]

    def __str__(self) -> str:
        return self.text


class SignOff(models.Model):
    """Who signed a release off, with the facts as they stood then."""

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="sign_off")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # A fact a line: what the pre-flight showed.
    facts = GuardedTextField(blank=True)
    # Why it was signed although a fact was not in order.
    in_spite = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[SignOff]] = models.Manager()

    def __str__(self) -> str:
        return f"CHG-{self.change_id} signed off"


class ChangeNotice(models.Model):
    """What the ops channel was told of a change."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="notices")
    result = models.CharField(max_length=12, choices=Result.choices)
    words = GuardedTextField(blank=True)
    # Links, one a line.
    tickets = GuardedTextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[ChangeNotice]] = models.Manager()

    class Meta:
        indexes = [
            # Read by the page of the change, and to number the next one.
            models.Index(fields=["change", "id"], name="change_notices"),
        ]

    def __str__(self) -> str:
        return f"CHG-{self.change_id} announced"

    @property
    def links(self) -> list[str]:
        return self.tickets.splitlines()


class FactQuerySet(models.QuerySet["OperationFact"]):
    """Filters over what operations found."""

    def strict(self) -> FactQuerySet:
        """Those that count for rollback advice."""
        return self.filter(is_strict=True)

    def ended_by(self, at: datetime) -> FactQuerySet:
        return self.filter(ended_at__lte=at)

    def newest_first(self) -> FactQuerySet:
        return self.order_by("-ended_at", "-id")


class OperationFact(models.Model):
    """How a run of an operation ended, told by whoever ran it: tokens and figures only."""

    class Level(models.TextChoices):
        OK = "ok", "In order"
        WARN = "warn", "Too little data"
        FAIL = "fail", "Not in order"

    kind = models.CharField(max_length=40)
    command = models.CharField(max_length=200)
    level = models.CharField(max_length=4, choices=Level.choices)
    # Missing names and too little data count as failures for it.
    is_strict = models.BooleanField(default=False)
    # The token line that says how it ended.
    line = GuardedTextField(max_length=400, blank=True)
    lines = GuardedTextField(blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    # The run on the operations screen; a stable number, since that room lies above.
    run = models.BigIntegerField(unique=True)

    objects: ClassVar[models.Manager[OperationFact]] = FactQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by pre-flights: the newest of a kind.
            models.Index(fields=["kind", "-ended_at"], name="fact_newest"),
            # Read by the advice: strict ones since a change.
            models.Index(fields=["-ended_at"], name="fact_strict", condition=models.Q(is_strict=True)),
        ]

    def __str__(self) -> str:
        return self.line or self.command
