"""Runbooks: what to do, step by step, with every version of the text and what became of its use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from incidents.ownership.models import Domain, handle_validator
from incidents.runbooks import vectors
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

# Nobody said for so long that the text is right: it may be wrong by now.
STALE_AFTER = timedelta(days=90)


class RunbookQuerySet(models.QuerySet["Runbook"]):
    """Filters over runbooks."""

    def current(self) -> RunbookQuerySet:
        """Those in use; a retired one keeps its address and its history."""
        return self.filter(retired_at=None)

    def stale(self, at: datetime) -> RunbookQuerySet:
        """Never verified, or too long ago: the same rule as `Runbook.is_stale`."""
        return self.filter(models.Q(verified_at=None) | models.Q(verified_at__lt=at - STALE_AFTER))

    def with_people(self) -> RunbookQuerySet:
        return self.select_related("domain", "verified_by")

    def by_title(self) -> RunbookQuerySet:
        return self.order_by("title", "pk")


class Runbook(models.Model):
    """One procedure as it stands now. `version` is the number of its newest text, and guards against two editors."""

    slug = models.SlugField(max_length=60, unique=True)
    title = GuardedTextField(max_length=120)
    body = GuardedTextField()
    # None: it is for the whole house.
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.PROTECT, related_name="runbooks")
    # What it answers, such as "missing_env unexpected_exit_2": words of commands and checks, with a blank between.
    tokens = models.CharField(max_length=400, blank=True)
    owner = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    version = models.PositiveIntegerField(default=1)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # Which text was verified: a later one has been changed since.
    verified_version = models.PositiveIntegerField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Runbook]] = RunbookQuerySet.as_manager()

    class Meta:
        # Read by the search, and by "Looks like" of the form that declares.
        indexes = [GinIndex(vectors.RUNBOOK, name="runbook_words", fastupdate=False)]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("incidents:runbook", args=[self.slug])

    @property
    def token_list(self) -> list[str]:
        return self.tokens.split()

    @property
    def place(self) -> str:
        """The domain, or the whole house."""
        return self.domain.name if self.domain else "The whole house"

    @property
    def stale_at(self) -> datetime | None:
        """When somebody has to verify it again; None while nobody ever did."""
        return self.verified_at + STALE_AFTER if self.verified_at else None

    def is_stale(self, at: datetime) -> bool:
        return self.stale_at is None or self.stale_at < at


class RunbookVersion(models.Model):
    """A text as it was, with its head: the whole file. Rows are only ever added (a trigger refuses the rest)."""

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = GuardedTextField()
    note = GuardedTextField(max_length=200, blank=True)
    # None: it came with the portal.
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[RunbookVersion]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["runbook", "number"], name="runbook_one_number")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.runbook_id}"


class RunbookUse(models.Model):
    """Somebody followed it, and how that went."""

    class Result(models.TextChoices):
        WORKED = "worked", "Worked"
        PARTLY = "partly", "Partly"
        NOT = "not", "Did not work"

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="uses")
    version = models.PositiveIntegerField()
    result = models.CharField(max_length=8, choices=Result.choices)
    note = GuardedTextField(max_length=500, blank=True)
    # What for, such as INC-12. It may name a hidden incident, so viewers are shown neither this nor the note.
    subject = models.CharField(max_length=20, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[RunbookUse]] = models.Manager()

    class Meta:
        # Read by the runbook's page: its uses, newest first.
        indexes = [models.Index(fields=["runbook", "-at"], name="runbook_uses")]

    def __str__(self) -> str:
        return f"{self.result} of {self.runbook_id}"
