"""What is watched: one row a check, with its schedule, its state and its thresholds."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce, Greatest, RowNumber
from django.db.models.lookups import Exact, In, LessThanOrEqual
from django.urls import reverse
from django.utils import timezone

from checks.catalogue.network import OUTWARD_KINDS
from checks.catalogue.states import (
    CHOICES,
    DOWN,
    RULE_CHOICES,
    SILENT_PERIODS,
    SILENT_SECONDS,
    WORST_FIRST,
    Rule,
    State,
    patience,
    shown,
)
from incidents.models import Component, Domain
from incidents.response.states import Severity
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

__all__ = ["Batch", "Check", "CheckQuerySet", "State"]


class _Seconds(models.Func):
    """A number of seconds as a length of time."""

    function = "make_interval"
    template = "make_interval(secs => %(expressions)s)"
    output_field = models.DurationField()


def _rank(name: str = "showing") -> models.Case:
    """The place of the shown state, worst first."""
    return models.Case(*[models.When(**{name: state.value}, then=place) for place, state in enumerate(WORST_FIRST)])


class CheckQuerySet(models.QuerySet["Check"]):
    """Filters over checks."""

    def enabled(self) -> CheckQuerySet:
        return self.exclude(state=State.PAUSED)

    def in_use(self) -> CheckQuerySet:
        """All that were not put away."""
        return self.filter(archived_at=None)

    def counted(self) -> CheckQuerySet:
        """What figures are about: that of drills fails on purpose."""
        return self.in_use().exclude(kind="drill")

    def canaries(self) -> CheckQuerySet:
        """Those that say whether our own network works."""
        return self.enabled().filter(is_canary=True)

    def without_a_canary(self) -> CheckQuerySet:
        """Those that ask addresses outside, while none says whether our own network works."""
        asking = self.enabled().filter(kind__in=sorted(OUTWARD_KINDS), is_own=False)
        is_there_one = models.Exists(Check.objects.canaries())
        # Machines have no address with a scheme, and what is not known is not excluded by SQL either.
        is_outside = models.Q(spec__url__isnull=True) | ~models.Q(spec__url__startswith="portal:")
        return asking.filter(is_outside, ~is_there_one)

    def daily(self) -> CheckQuerySet:
        return self.filter(is_daily=True).exclude(kind="drill")

    def as_shown(self, at: datetime) -> CheckQuerySet:
        """Adds `showing`: the state as `Check.shown_state` says it, for filters and order."""
        allowed = Greatest(models.F("every_seconds") * SILENT_PERIODS, models.Value(SILENT_SECONDS))
        silent_at = Coalesce("last_run_at", "created_at") + _Seconds(allowed)
        is_silent = models.Q(state=State.HEALTHY, silent_at__lt=at)
        showing = models.Case(models.When(is_silent, then=models.Value(State.INSUFFICIENT_DATA.value)), default="state")
        return self.annotate(silent_at=silent_at, showing=showing)

    def showing(self, state: str) -> CheckQuerySet:
        return self.filter(Exact(models.F("showing"), state))

    def count_by_state(self) -> dict[str, int]:
        """How many show which state; one query."""
        shown = self.order_by().values(state_shown=models.F("showing")).annotate(number=models.Count("pk"))
        return {row["state_shown"]: row["number"] for row in shown}

    def exclude_showing(self, states: list[State]) -> CheckQuerySet:
        return self.exclude(In(models.F("showing"), states))

    def count_by_domain_and_state(self) -> list[tuple[int, str, int]]:
        """(domain, state shown, how many); one query."""
        shown = self.order_by().values("domain_id", state_shown=models.F("showing")).annotate(number=models.Count("pk"))
        return [(row["domain_id"], row["state_shown"], row["number"]) for row in shown]

    def worst_of_each_domain(self, number: int) -> CheckQuerySet:
        """At most so many of each domain, worst first."""
        place = models.Window(RowNumber(), partition_by="domain_id", order_by=[_rank(), "severity", "name"])
        return self.annotate(place=place).filter(LessThanOrEqual(models.F("place"), number)).order_by("place")

    def worst_first(self) -> CheckQuerySet:
        """By `as_shown`, then by severity and name."""
        return self.annotate(rank=_rank()).order_by("rank", "severity", "name")


# What its form sets.
FORMED = (
    *("name", "spec", "domain_id", "component_id", "severity", "every_seconds", "fail_after", "ok_after", "is_daily"),
    *("rule", "of_runs", "fail_share", "ok_share", "share_minutes", "hold_seconds", "flap_turns", "flap_minutes"),
    *("parent_id", "is_canary", "has_own_incident", "ends_by_hand", "remind_hours"),
)


class Check(models.Model):
    """One thing that workers look at again and again.

    `spec` is the probe's configuration without secrets (names of environment variables at most).
    Times are the database's; `next_due` is the only schedule there is.
    """

    key = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=32)
    spec = models.JSONField(default=dict)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="checks")
    severity = models.CharField(max_length=5, choices=Severity.choices, default=Severity.SEV2)
    # The part of the public page that this check says something about.
    component = models.ForeignKey(Component, null=True, blank=True, on_delete=models.SET_NULL, related_name="checks")
    # Built in: the portal's own checks, which cannot be deleted.
    is_own = models.BooleanField(default=False)
    is_daily = models.BooleanField(default=True)
    every_seconds = models.PositiveIntegerField(default=60, validators=[MinValueValidator(5), MaxValueValidator(86400)])
    fail_after = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(20)])
    ok_after = models.PositiveSmallIntegerField(default=2, validators=[MinValueValidator(1), MaxValueValidator(20)])
    # How it goes down (evaluate.py). For k of n, `fail_after` of the last `of_runs`; for a rate, at least `fail_after`
    # failures that are `fail_share` per cent of the last `share_minutes`, and back at `ok_share` per cent.
    rule = models.CharField(max_length=12, choices=RULE_CHOICES, default=Rule.CONSECUTIVE)
    of_runs = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(2), MaxValueValidator(30)])
    fail_share = models.PositiveSmallIntegerField(default=50, validators=[MinValueValidator(1), MaxValueValidator(100)])
    ok_share = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(99)])
    share_minutes = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    # A state stays at least this long before it may turn.
    hold_seconds = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(86400)])
    # So many turns within so many minutes are flapping; 0 turns means never.
    flap_turns = models.PositiveSmallIntegerField(default=6, validators=[MaxValueValidator(20)])
    flap_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    # What it stands on: while that is down, this one is blocked and silent.
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    # Says whether our own network works: while it fails, other network checks cannot know.
    is_canary = models.BooleanField(default=False)
    # How its alerts behave: a room of its own instead of the domain's, ended by a person, said again every so often.
    has_own_incident = models.BooleanField(default=False)
    ends_by_hand = models.BooleanField(default=False)
    remind_hours = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(168)])
    state = models.CharField(max_length=24, choices=CHOICES, default=State.INSUFFICIENT_DATA)
    state_since = models.DateTimeField(default=timezone.now)
    consecutive_fail = models.PositiveIntegerField(default=0)
    consecutive_ok = models.PositiveIntegerField(default=0)
    # The newest results that counted, "x" failed and "." passed, newest last.
    recent = models.CharField(max_length=30, blank=True)
    # When it turned between good and bad of late, in seconds of the epoch.
    turns = models.JSONField(default=list)
    # The state that stands below flapping or blocked.
    beneath = models.CharField(max_length=24, choices=CHOICES, blank=True)
    failing_since = models.DateTimeField(null=True)
    # Since when it waits for a word of its parent or the canary before it goes down.
    waits_since = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    pause_reason = GuardedTextField(max_length=300, blank=True)
    # Put away: paused without an end, and on no screen but the list of what was put away.
    archived_at = models.DateTimeField(null=True)
    last_run_at = models.DateTimeField(null=True)
    last_ok = models.BooleanField(null=True)
    # Before this moment it is not silent (`shown_state`); after it, it may be. Each claim moves it on, and the database
    # sets it back when the period or the last run becomes an earlier one.
    silent_from = models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC))
    # The error class of the last failed result, from the fixed set; empty when it was fine.
    last_error = models.CharField(max_length=24, blank=True)
    last_latency_ms = models.FloatField(null=True)
    # The number the probe measured, if it measures one (seconds of queue age, per cent of disk used).
    last_value = models.FloatField(null=True)
    next_due = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Check]] = CheckQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the scheduler each second: what is due.
            models.Index(fields=["next_due"], name="check_due", condition=~models.Q(state="paused")),
            # Read with each batch of results: does our own network work?
            models.Index(fields=["id"], name="check_canary", condition=models.Q(is_canary=True)),
            # Read by the tick: whose pause is over.
            models.Index(fields=["paused_until"], name="check_pause_end", condition=models.Q(state="paused")),
            # Read by the frame of every page, how many want a look (shell.py), and by the list: how many show what.
            models.Index(
                fields=["state", "archived_at"], name="check_not_healthy", condition=~models.Q(state=State.HEALTHY)
            ),
            # Read by the list: which of those that pass may have fallen silent.
            models.Index(fields=["silent_from"], name="check_silent_from", condition=models.Q(state=State.HEALTHY)),
            # Read by the list: worst first, page by page (catalogue/listing.py).
            models.Index(
                _rank("state"),
                models.F("severity"),
                models.F("name"),
                models.F("id"),
                name="check_worst_first",
                condition=models.Q(archived_at=None),
            ),
        ]
        constraints = [
            # One row with another word would break the results of its whole batch.
            models.CheckConstraint(condition=models.Q(rule__in=list(Rule)), name="check_rule"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("checks:detail", args=[self.key])

    def shown_state(self, at: datetime) -> State:
        """The state as screens and reports say it: silence is no data, never green."""
        heard_at = self.last_run_at or self.created_at
        return shown(self.state, heard_at=heard_at, every_seconds=self.every_seconds, at=at)

    @property
    def fingerprint(self) -> str:
        """Changes with anything its form sets: what was edited is what is replaced, or nothing is."""
        words = json.dumps([getattr(self, name) for name in FORMED], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    @property
    def dedup_key(self) -> str:
        """Under which its alerts come."""
        return f"check:{self.key}"

    def is_heard(self, at: datetime) -> bool:
        """Its last result is young enough to speak for now."""
        return self.last_run_at is not None and at - self.last_run_at <= patience(self.every_seconds)

    @property
    def is_down(self) -> bool:
        """What stands on it cannot be judged."""
        return self.state in DOWN

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.every_seconds)


class Batch(models.Model):
    """That one leased result set was written: a second write under the same token is refused by the key."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4)
    written_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.token)
