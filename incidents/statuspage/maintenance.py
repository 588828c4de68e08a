"""Planned work: one model for the whole house, public or internal. Checks only read it (maintenance_queries.py)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone

from incidents.ownership.models import Domain
from incidents.statuspage import windows
from incidents.statuspage.models import Component, public_id
from incidents.statuspage.windows import Window
from opsportal import recurrence
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

PUBLIC_WORDS = [(one, windows.WORDS[one]) for one in windows.WORDS]


class Audience(models.TextChoices):
    """Who hears of it."""

    PUBLIC = "public", "Public: on the status page once it is announced"
    INTERNAL = "internal", "Internal: only the portal and its checks know"


class MaintenanceSeries(models.Model):
    """Work that comes again and again; its occurrences are made ahead, each a maintenance of its own."""

    rule = models.CharField(max_length=16, choices=list(recurrence.WORDS.items()))
    first_on = models.DateField()
    clock = models.TimeField()
    time_zone = models.CharField(max_length=64)
    length = models.DurationField()
    until = models.DateField(null=True)
    # What the next occurrences say and where; the newest edit of the series' words stands here.
    title = GuardedTextField(max_length=160)
    text = GuardedTextField(max_length=5000)
    audience = models.CharField(max_length=8, choices=Audience.choices)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="+")
    components = models.ManyToManyField(Component, blank=True, related_name="+")
    remind_before = models.DurationField(null=True)
    announced_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.title}: {self.in_words}"

    @property
    def in_words(self) -> str:
        """Every week, on Tuesday, at 03:00 Europe/Berlin."""
        return f"{recurrence.in_words(self.rule, self.first_on)}, at {self.clock:%H:%M} {self.time_zone}"


class MaintenanceQuerySet(models.QuerySet["Maintenance"]):
    """Filters over planned work."""

    def public(self) -> MaintenanceQuerySet:
        """What readers know of."""
        return self.exclude(announced_at=None)

    def in_force(self) -> MaintenanceQuerySet:
        """What really takes place: internal, or announced, and not cancelled."""
        is_told = models.Q(audience=Audience.INTERNAL) | models.Q(announced_at__isnull=False)
        return self.filter(is_told, cancelled_at=None)

    def overlapping(self, start: datetime | models.Value, end: datetime | models.Value) -> MaintenanceQuerySet:
        """What touches a span, by the end that a person may have given it early."""
        goes_on = models.Q(ended_at=None) | models.Q(ended_at__gt=start)
        return self.filter(goes_on, starts_at__lt=end, ends_at__gt=start)

    def of_domain(self, domain: Domain) -> MaintenanceQuerySet:
        """Its own work, and work on one of its components."""
        return self.filter(models.Q(domain=domain) | models.Q(components__domain=domain)).distinct()


class Maintenance(models.Model):
    """One window of planned work. Where it stands is derived from the window; nobody has to begin or end it."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    title = GuardedTextField(max_length=160)
    text = GuardedTextField(max_length=5000)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.PUBLIC)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="maintenances")
    components = models.ManyToManyField(Component, blank=True, related_name="maintenances")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    verifying_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    # Counts what calendars have to take over: RFC 5545 calls it SEQUENCE.
    sequence = models.PositiveIntegerField(default=0)
    remind_before = models.DurationField(null=True)
    reminded_at = models.DateTimeField(null=True)
    series = models.ForeignKey(MaintenanceSeries, null=True, on_delete=models.PROTECT, related_name="occurrences")
    occurs_on = models.DateField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Maintenance]] = MaintenanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")), name="maintenance_has_length"
            ),
            # Made ahead by a job that may run twice: a day of a series has one occurrence.
            models.UniqueConstraint(fields=["series", "occurs_on"], name="maintenance_one_a_day_of_series"),
        ]
        indexes = [
            # Read by the snapshot and by checks: what runs around a moment.
            models.Index(fields=["starts_at"], name="maintenance_starts"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("incidents:maintenance", args=[self.public_id])

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at, self.verifying_at, self.ended_at, self.cancelled_at)

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def is_public(self) -> bool:
        return self.audience == Audience.PUBLIC


class MaintenanceUpdate(models.Model):
    """Public words about planned work. Rows are only added: what was said stays said."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    maintenance = models.ForeignKey(Maintenance, on_delete=models.PROTECT, related_name="updates")
    status = models.CharField(max_length=16, choices=PUBLIC_WORDS)
    body = GuardedTextField(max_length=5000)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.status} update of {self.maintenance_id}"
