"""Rotas: whose turn it is, who stands in, and which handle leads to whom."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from incidents.ownership.models import handle_validator
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class Rotation(models.Model):
    """A rota by its name. What it says lies in its plans, so that a change never rewrites who was on call before."""

    slug = models.SlugField(max_length=40, unique=True)
    name = GuardedTextField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    # A rota that is not used any more: it holds no handle, its past stays.
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Rotation]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class RotationPlan(models.Model):
    """Whose turn it is from `since` on: members in order, the length of a turn, the hand-over on the wall.

    `first_on` is the day of the first hand-over, so a weekly turn changes on its weekday. `days` are the covered
    weekdays from Monday, 1 is covered; both hours empty means all day.
    """

    class Turn(models.TextChoices):
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        CUSTOM = "custom", "Other length"

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="plans")
    since = models.DateTimeField()
    time_zone = models.CharField(max_length=64, default="UTC")
    handover_at = models.TimeField()
    first_on = models.DateField()
    turn = models.CharField(max_length=8, choices=Turn.choices)
    turn_hours = models.PositiveSmallIntegerField(validators=[MinValueValidator(4)])
    days = models.CharField(max_length=7, default="1111111")
    covers_from = models.TimeField(null=True)
    covers_until = models.TimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager[RotationPlan]] = models.Manager()

    class Meta:
        constraints = [
            # Read with every "who is on call": the plans of a rota in their order.
            models.UniqueConstraint(fields=["rotation", "since"], name="rotation_plan_since"),
            models.CheckConstraint(condition=Q(turn_hours__gte=4), name="rotation_turn_is_long_enough"),
        ]

    def __str__(self) -> str:
        return f"{self.rotation} since {self.since:%Y-%m-%d}"


class RotationMember(models.Model):
    """One place in the order of a plan; the same person may have several."""

    plan = models.ForeignKey(RotationPlan, on_delete=models.CASCADE, related_name="members")
    position = models.PositiveSmallIntegerField()
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="rotation_member_place")]

    def __str__(self) -> str:
        return f"{self.position}. {self.person}"


class OverrideQuerySet(models.QuerySet["Override"]):
    """Filters over overrides."""

    def standing(self) -> OverrideQuerySet:
        return self.filter(cancelled_at=None)

    def touching(self, since: datetime, until: datetime) -> OverrideQuerySet:
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class Override(models.Model):
    """Somebody stands in for a while, or is away and nobody does; it lies over the turns and ends by itself."""

    class Kind(models.TextChoices):
        COVER = "cover", "Stands in"
        TAKEN = "taken", "Took it"
        AWAY = "away", "Away"

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="overrides")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = GuardedTextField(max_length=300)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Override]] = OverrideQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_has_a_length"),
            models.CheckConstraint(
                condition=Q(kind="away", person=None) | (~Q(kind="away") & Q(person__isnull=False)),
                name="override_of_somebody_or_away",
            ),
        ]
        indexes = [
            # Read with every "who is on call": who stands in during a span.
            models.Index(fields=["ends_at", "starts_at"], name="override_standing", condition=Q(cancelled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.rotation}"


class Holder(models.Model):
    """A handle of the matrix and what it leads to: a person or a rota; a row with neither is a handle nobody holds."""

    handle = models.CharField(max_length=64, unique=True, validators=[handle_validator])
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    rotation = models.ForeignKey(Rotation, null=True, on_delete=models.PROTECT, related_name="holders")
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Holder]] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(person=None) | Q(rotation=None), name="holder_is_one"),
        ]

    def __str__(self) -> str:
        return self.handle


class CalendarFeed(models.Model):
    """A secret address of a calendar: one person's shifts, or everybody's. Only the digest of its word is kept."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="calendar_feeds")
    is_team = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[CalendarFeed]] = models.Manager()

    class Meta:
        constraints = [
            # Read by the screen; a new address of the same calendar ends the one before.
            models.UniqueConstraint(
                fields=["person", "is_team"], condition=Q(revoked_at=None), name="calendar_feed_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{'The team' if self.is_team else self.person}'s calendar"
