"""What readers outside see: components, public incidents and their updates."""

from __future__ import annotations

import secrets
import string
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from incidents.ownership.models import Domain
from incidents.response.models import Incident
from incidents.response.states import Status
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField

_ALPHABET = string.ascii_lowercase + string.digits


def public_id() -> str:
    """Twelve characters of a-z and 0-9, as the public contract has them; not guessable from the incident's number."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


class ComponentStatus(models.TextChoices):
    """The five words of the public contract."""

    OPERATIONAL = "operational", "Operational"
    DEGRADED = "degraded_performance", "Degraded performance"
    PARTIAL = "partial_outage", "Partial outage"
    MAJOR = "major_outage", "Major outage"
    MAINTENANCE = "under_maintenance", "Under maintenance"


# Said once an incident is over: what was learned. Readers' programs know the word from the public contract.
POSTMORTEM = "postmortem"
PUBLIC_STATUSES = [*Status.choices, (POSTMORTEM, "Post-mortem")]
# After these words nothing more is promised.
LAST_WORDS = (Status.RESOLVED, POSTMORTEM)


class Page(models.Model):
    """The one status page: its public id, name and address never change by themselves."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    name = models.CharField(max_length=80, default="Opsportal")
    time_zone = models.CharField(max_length=64, default="Etc/UTC")

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(models.QuerySet["Component"]):
    """Filters over components."""

    def in_order(self) -> ComponentQuerySet:
        return self.order_by("group_name", "position", "name")


class Component(models.Model):
    """A part of the service as readers know it, owned by a domain."""

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=200, blank=True)
    group_name = models.CharField("group", max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="components")
    status = models.CharField(max_length=24, choices=ComponentStatus.choices, default=ComponentStatus.OPERATIONAL)
    start_date = models.DateField(default=timezone.localdate)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Component]] = ComponentQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ComponentInterval(models.Model):
    """A component's status over a stretch of time; day bars are built from these. The open one has no end."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="intervals")
    status = models.CharField(max_length=24, choices=ComponentStatus.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component"], condition=models.Q(ended_at=None), name="interval_one_open"),
        ]
        indexes = [
            # Read by the snapshot: the last ninety days of every component.
            models.Index(fields=["started_at"], name="interval_started"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.status}"


class PublicIncidentQuerySet(models.QuerySet["PublicIncident"]):
    """Filters over public incidents."""

    def published(self) -> PublicIncidentQuerySet:
        return self.exclude(first_published_at=None)


class PublicIncident(models.Model):
    """The public side of an incident: its own title and id. Without a published update no reader knows of it."""

    class Impact(models.TextChoices):
        NONE = "none", "None"
        MINOR = "minor", "Minor"
        MAJOR = "major", "Major"
        CRITICAL = "critical", "Critical"

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="public")
    name = GuardedTextField("public title", max_length=160)
    status = models.CharField(max_length=16, choices=PUBLIC_STATUSES, default=Status.INVESTIGATING)
    impact = models.CharField(max_length=8, choices=Impact.choices, default=Impact.NONE)
    components = models.ManyToManyField(Component, blank=True, related_name="public_incidents")
    created_at = models.DateTimeField(default=timezone.now)
    first_published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)
    monitoring_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[PublicIncident]] = PublicIncidentQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the snapshot: newest public incidents.
            models.Index(fields=["-first_published_at"], name="public_incident_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class StatusUpdate(models.Model):
    """One public message: a draft until somebody publishes it, unchanged afterwards."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    public_id = models.CharField(max_length=12, unique=True, default=public_id)
    public_incident = models.ForeignKey(PublicIncident, on_delete=models.PROTECT, related_name="updates")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    status = models.CharField(max_length=16, choices=PUBLIC_STATUSES)
    body = GuardedTextField()
    next_update_at = models.DateTimeField(null=True, blank=True)
    # [{"code", "name", "old_status", "new_status"}] as the public contract has it, fixed when published.
    affected_components = models.JSONField(default=list, blank=True)
    drafted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One draft waits at a time: two people edit the same one instead of publishing two.
            models.UniqueConstraint(
                fields=["public_incident"], condition=models.Q(state="draft"), name="update_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} update of {self.public_incident_id}"
