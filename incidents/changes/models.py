"""What was changed in production, when changes are frozen, and which ones an incident suspects."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

from incidents.changes.states import Kind, Result, Source, following
from incidents.ownership.models import Domain
from incidents.response.models import Incident, TimelineEvent
from opsportal.models import ApiToken, User
from opsportal.privacy.fields import GuardedTextField

artifact_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._+/:-]{0,99}(@sha256:[0-9a-f]{64})?$",
    "Write a version, a tag or a commit, such as 2026.11.20-3, without blanks.",
)


_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class ChangeQuerySet(models.QuerySet["Change"]):
    """Filters over changes."""

    def touching(self, domain: Domain | int | None) -> ChangeQuerySet:
        """Those of the domain, and those of the whole house."""
        return self.filter(models.Q(domain=domain) | models.Q(domain=None))

    def between(self, start: datetime, end: datetime) -> ChangeQuerySet:
        return self.filter(started_at__gte=start, started_at__lte=end)

    def good(self) -> ChangeQuerySet:
        """Deploys that held: the newest of a domain is its last known good one."""
        return self.filter(kind=Kind.DEPLOY, result=Result.SUCCEEDED)

    def newest_first(self) -> ChangeQuerySet:
        return self.order_by("-started_at", "-id")

    def with_domain(self) -> ChangeQuerySet:
        return self.select_related("domain", "recorded_by", "token")


class Change(models.Model):
    """One thing that was done to production. People call it CHG-12."""

    kind = models.CharField(max_length=16, choices=Kind.choices)
    what = GuardedTextField("what is changed", max_length=160)
    # None is the whole house.
    domain = models.ForeignKey(Domain, null=True, on_delete=models.PROTECT, related_name="changes")
    artifact = models.CharField("version or artifact", max_length=200, validators=[artifact_validator], blank=True)
    ticket = models.URLField(max_length=300, blank=True)
    result = models.CharField(max_length=12, choices=Result.choices)
    # When it began; of a planned one, when it is to begin.
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # What this rollback rolls back.
    takes_back = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="taken_back_by")
    # Why it was done although changes were frozen, or nobody had signed it off.
    override = GuardedTextField("why in spite of the freeze", blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Change]] = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the list and the pages of its key.
            models.Index(fields=["-started_at", "-id"], name="change_newest"),
            # Read by rooms and charts: one domain, one stretch of time.
            models.Index(fields=["domain", "-started_at"], name="change_domain"),
            # Read by the last known good: the newest deploy that held, for each domain.
            models.Index(
                fields=["domain", "-started_at", "-id"],
                name="change_good",
                condition=models.Q(kind=Kind.DEPLOY, result=Result.SUCCEEDED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.what}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:change", args=[self.pk])

    @property
    def label(self) -> str:
        return f"CHG-{self.pk}"

    @property
    def short_artifact(self) -> str:
        """For lists: a commit by its first twelve letters, an image without its digest."""
        return self.artifact[:12] if _COMMIT.fullmatch(self.artifact) else self.artifact.partition("@")[0]

    @property
    def may_be_taken_back(self) -> bool:
        return Result.ROLLED_BACK in following(self.result)

    @property
    def where(self) -> str:
        """The domain, or the whole house."""
        return self.domain.name if self.domain else "All domains"

    @property
    def who(self) -> str:
        """Who told of it: a person, a person's token, or the shell."""
        if self.recorded_by is None:
            return "The shell"
        return f"{self.recorded_by}, token {self.token.name}" if self.token else str(self.recorded_by)


class ChangeStep(models.Model):
    """A result that a change reached, and who said so: its history."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="steps")
    result = models.CharField(max_length=12, choices=Result.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices)
    note = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[ChangeStep]] = models.Manager()

    class Meta:
        indexes = [
            # Read by a change's page.
            models.Index(fields=["change", "id"], name="change_steps"),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.result}"


class FreezeQuerySet(models.QuerySet["Freeze"]):
    """Filters over freezes."""

    def standing(self, at: datetime) -> FreezeQuerySet:
        """Not lifted, and not over by then: those that hold, and those to come."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=at), lifted_at=None)

    def holding(self, at: datetime) -> FreezeQuerySet:
        return self.standing(at).filter(starts_at__lte=at)

    def touching(self, domain: Domain | int | None) -> FreezeQuerySet:
        """What holds up a change there: of a domain its own and the house's; of the house every one."""
        return self if domain is None else self.filter(models.Q(domain=domain) | models.Q(domain=None))

    def soonest_first(self) -> FreezeQuerySet:
        return self.order_by("starts_at", "id")


class Freeze(models.Model):
    """A time in which nothing but rollbacks is let through without a reason."""

    class Cause(models.TextChoices):
        WINDOW = "window", "Window"
        BUDGET = "budget", "Error budget"

    # None is the whole house.
    domain = models.ForeignKey(Domain, null=True, on_delete=models.PROTECT, related_name="freezes")
    cause = models.CharField(max_length=8, choices=Cause.choices, default=Cause.WINDOW)
    reason = GuardedTextField(max_length=200)
    starts_at = models.DateTimeField()
    # The clock by which people planned it; the times themselves are moments.
    time_zone = models.CharField(max_length=64, default="UTC")
    # None: until it is lifted.
    ends_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    # None: a rule of the house made it.
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_because = GuardedTextField(blank=True)

    objects: ClassVar[models.Manager[Freeze]] = FreezeQuerySet.as_manager()

    class Meta:
        constraints = [
            # One budget, one freeze: a check may say it as often as it runs.
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(cause="budget", lifted_at=None),
                name="freeze_one_budget",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="freeze_ends_later",
            ),
        ]
        indexes = [
            # Read by whoever records a change, and by the list: what is not lifted.
            models.Index(fields=["starts_at"], name="freeze_standing", condition=models.Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"

    @property
    def is_local(self) -> bool:
        """Told by another clock than UTC."""
        return self.time_zone != "UTC"

    @property
    def local(self) -> str:
        """By the clock of its place: Thu 26 Nov 18:00 to Mon 30 Nov 08:00, Europe/Berlin."""
        place = ZoneInfo(self.time_zone)
        start = f"{self.starts_at.astimezone(place):%a %-d %b %H:%M}"
        end = f"{self.ends_at.astimezone(place):%a %-d %b %H:%M}" if self.ends_at else "when it is lifted"
        return f"{start} to {end}, {self.time_zone.replace('_', ' ')}"

    @property
    def where(self) -> str:
        return self.domain.name if self.domain else "All domains"


class Suspect(models.Model):
    """A change that may have caused an incident. Why stands on the incident's timeline."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="suspicions")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="suspects")
    event = models.OneToOneField(TimelineEvent, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Suspect]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "change"], name="suspect_once"),
        ]

    def __str__(self) -> str:
        return f"CHG-{self.change_id} in {self.incident_id}"
