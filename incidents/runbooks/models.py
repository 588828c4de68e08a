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
# So many times in a row without an answer, and a link is as good as dead.
MISSES = 2


class RunbookQuerySet(models.QuerySet["Runbook"]):
    """Filters over runbooks."""

    def current(self) -> RunbookQuerySet:
        """Those in use; a retired one keeps its address and its history."""
        return self.filter(retired_at=None)

    def stale(self, at: datetime) -> RunbookQuerySet:
        """Never verified, or too long ago: the same rule as `Runbook.is_stale`."""
        return self.filter(models.Q(verified_at=None) | models.Q(verified_at__lt=at - STALE_AFTER))

    def never_verified(self) -> RunbookQuerySet:
        return self.filter(verified_at=None)

    def failing(self) -> RunbookQuerySet:
        """Whoever used its text as it is now last said that it did not work whole."""
        said = RunbookUse.objects.filter(runbook=models.OuterRef("pk"), version=models.OuterRef("version"))
        last = said.filter(result__in=RunbookUse.SAID).order_by("-ended_at", "-pk").values("result")[:1]
        return self.alias(last=models.Subquery(last)).filter(last__in=RunbookUse.FAILED)

    def with_dead_links(self) -> RunbookQuerySet:
        return self.filter(dead_links__gt=0)

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
    # SHA-256 of the text that came with the portal and that people here read and did not take.
    kept_over = models.CharField(max_length=64, blank=True)
    # Links of its text that lead nowhere, as they were looked at last.
    dead_links = models.PositiveSmallIntegerField(default=0)

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
        """The domain, or that it belongs to no single one."""
        return self.domain.name if self.domain else "No single domain"

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


class RunbookUseQuerySet(models.QuerySet["RunbookUse"]):
    """Filters over uses."""

    def going(self) -> RunbookUseQuerySet:
        """Nobody has said yet how they went."""
        return self.filter(result="")

    def ended(self) -> RunbookUseQuerySet:
        return self.exclude(result="")

    def newest_first(self) -> RunbookUseQuerySet:
        return self.order_by("-begun_at", "-pk")

    def with_people(self) -> RunbookUseQuerySet:
        return self.select_related("by", "ended_by")


class RunbookUse(models.Model):
    """Somebody follows it, step by step, and says at the end how that went.

    It goes on with the text it was begun with, however that is edited meanwhile.
    """

    class Result(models.TextChoices):
        WORKED = "worked", "Worked"
        PARTLY = "partly", "Partly"
        NOT = "not", "Did not work"
        LEFT = "left", "Nobody said"

    SAID = (Result.WORKED, Result.PARTLY, Result.NOT)
    FAILED = (Result.PARTLY, Result.NOT)

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="uses")
    version = models.PositiveIntegerField()
    # Empty while it goes on.
    result = models.CharField(max_length=8, choices=Result.choices, blank=True)
    note = GuardedTextField(max_length=500, blank=True)
    # What for, such as INC-12. It may name a hidden incident, so viewers are shown neither this nor the note.
    subject = models.CharField(max_length=20, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[RunbookUse]] = RunbookUseQuerySet.as_manager()

    class Meta:
        # Read by the runbook's page: its uses, newest first.
        indexes = [models.Index(fields=["runbook", "-begun_at"], name="runbook_uses")]
        constraints = [
            # Two who press Run at the same moment follow it together.
            models.UniqueConstraint(
                fields=["runbook", "subject"], condition=models.Q(result=""), name="runbook_one_use_of_a_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.result or 'use'} of {self.runbook_id}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:runbook_following", args=[self.runbook.slug, self.pk])

    @property
    def is_going(self) -> bool:
        return not self.result


class RunbookStep(models.Model):
    """A step that was taken in a use: what was run, what it said, and whether that was expected. Each try is a row."""

    class Verdict(models.TextChoices):
        ASKED = "asked", "Running"
        AS_EXPECTED = "as_expected", "As expected"
        NOT_AS_EXPECTED = "not_as_expected", "Not as expected"
        DONE = "done", "Done"

    class Way(models.TextChoices):
        RUN = "run", "run from the page"
        SHELL = "shell", "run in the shell"
        CHECK = "check", "the check says"
        HAND = "hand", "done by hand"

    use = models.ForeignKey(RunbookUse, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    # Which of the step's commands, from 0.
    place = models.PositiveSmallIntegerField(default=0)
    title = GuardedTextField(max_length=200)
    command = GuardedTextField(max_length=400, blank=True)
    # One line below the other; any of them is right.
    expected = GuardedTextField(blank=True)
    way = models.CharField(max_length=5, choices=Way.choices)
    verdict = models.CharField(max_length=15, choices=Verdict.choices, default=Verdict.ASKED)
    # The token line.
    got = GuardedTextField(max_length=400, blank=True)
    exit_code = models.PositiveSmallIntegerField(null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[RunbookStep]] = models.Manager()

    class Meta:
        # Read by the page of a use: its steps, newest last.
        indexes = [models.Index(fields=["use", "id"], name="runbook_steps")]

    def __str__(self) -> str:
        return f"step {self.number} of use {self.use_id}"

    @property
    def is_asked(self) -> bool:
        return self.verdict == self.Verdict.ASKED

    @property
    def is_right(self) -> bool:
        return self.verdict in (self.Verdict.AS_EXPECTED, self.Verdict.DONE)

    @property
    def is_wrong(self) -> bool:
        return self.verdict == self.Verdict.NOT_AS_EXPECTED


class OutsideLink(models.Model):
    """An address outside the portal that a runbook links to, and what answered there when it was asked last."""

    class Found(models.TextChoices):
        ALIVE = "alive", "Answers"
        DEAD = "dead", "Dead"
        SILENT = "silent", "Did not answer"
        GUARDED = "guarded", "Not asked: a private address"

    url = models.CharField(max_length=500, unique=True)
    found = models.CharField(max_length=8, choices=Found.choices, blank=True)
    # The answer's number; none when nobody answered.
    status = models.PositiveSmallIntegerField(null=True)
    # None: it is new, and was not asked yet.
    looked_at = models.DateTimeField(null=True)
    # How many times in a row it did not answer.
    misses = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[models.Manager[OutsideLink]] = models.Manager()

    class Meta:
        # Read by the job: which was asked longest ago.
        indexes = [models.Index(models.F("looked_at").asc(nulls_first=True), name="runbook_link_due")]

    def __str__(self) -> str:
        return self.url

    @property
    def is_dead(self) -> bool:
        """Gone for sure, or silent again and again."""
        return self.found == self.Found.DEAD or (self.found == self.Found.SILENT and self.misses >= MISSES)
