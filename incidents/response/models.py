"""An incident, its append-only timeline and its copy of the checklist."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from incidents.ownership.models import Domain
from incidents.response.states import IncidentRole, Kind, Severity, Status
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Filters over incidents."""

    def open(self) -> IncidentQuerySet:
        return self.exclude(status=Status.RESOLVED)

    def for_domain(self, domain: Domain) -> IncidentQuerySet:
        return self.filter(domain=domain)

    def newest_first(self) -> IncidentQuerySet:
        return self.order_by("-number")

    def worst_first(self) -> IncidentQuerySet:
        """SEV-1 before SEV-3, then the newest."""
        return self.order_by("severity", "-number")

    def with_domain(self) -> IncidentQuerySet:
        return self.select_related("domain", "declared_by")


class Incident(models.Model):
    """One thing that went wrong. Its number is what people say: INC-12."""

    class Source(models.TextChoices):
        WEB = "web", "Declared by a person"
        ALERT = "alert", "Opened by an alert"

    number = models.PositiveIntegerField(unique=True, editable=False)
    title = GuardedTextField(max_length=160)
    summary = GuardedTextField("what is seen", blank=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="incidents")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.WEB)
    severity_initial = models.CharField(max_length=5, choices=Severity.choices)
    severity_peak = models.CharField(max_length=5, choices=Severity.choices)
    severity = models.CharField(max_length=5, choices=Severity.choices)
    # False while only a check has spoken: the severity is a proposal until a person confirms it.
    severity_confirmed = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.INVESTIGATING)
    declared_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    impact_started_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    # Moves with every change of the room; what a poll compares.
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Incident]] = IncidentQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by Now and the navigation: what is open, worst first.
            models.Index(
                fields=["severity", "-number"], name="incident_open", condition=~models.Q(status=Status.RESOLVED)
            ),
            # Read by the ownership matrix and domain lists.
            models.Index(fields=["domain", "-number"], name="incident_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:room", args=[self.number])

    @property
    def label(self) -> str:
        return f"INC-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status != Status.RESOLVED


class TimelineEvent(models.Model):
    """One fact of an incident, never changed (trigger in migration 0002). A correction is a new row.

    Free text lies in `TimelineText`; the event keeps its salted SHA-256, so that a redaction leaves proof.
    """

    class Source(models.TextChoices):
        WEB = "web", "Web"
        API = "api", "API"
        CHECK = "check", "Check"
        ALERT = "alert", "Alert"
        SYSTEM = "system", "Portal"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    kind = models.CharField(max_length=32, choices=Kind.choices)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.WEB)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    old = models.CharField(max_length=160, blank=True)
    new = models.CharField(max_length=160, blank=True)
    text_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            # Read by the room: one incident's facts in order.
            models.Index(fields=["incident", "-recorded_at", "-id"], name="timeline_room"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.incident_id}"


class TimelineText(models.Model):
    """The words of an event, apart from it, so that they can be removed without touching the event."""

    event = models.OneToOneField(TimelineEvent, primary_key=True, on_delete=models.PROTECT, related_name="text")
    salt = models.CharField(max_length=32)
    body = GuardedTextField()

    def __str__(self) -> str:
        return f"text of event {self.event_id}"


class Reaction(models.Model):
    """That the rooms above still have to react to an event: the row behind the wake-up call `incidents.react`."""

    event = models.OneToOneField(TimelineEvent, primary_key=True, on_delete=models.CASCADE, related_name="reaction")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Read by the sweep: events nobody reacted to yet.
            models.Index(fields=["created_at"], name="reaction_open", condition=models.Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"reaction to event {self.event_id}"


class ChecklistStep(models.Model):
    """One step of the incident's own copy of the checklist; later edits of the template do not touch it."""

    class Phase(models.TextChoices):
        TRIAGE = "triage", "Triage"
        STABILIZE = "stabilize", "Stabilize"
        DIAGNOSE = "diagnose", "Diagnose"
        RECOVER = "recover", "Recover"
        POST_INCIDENT = "post_incident", "Post-Incident"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="checklist")
    phase = models.CharField(max_length=16, choices=Phase.choices)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    ticked_at = models.DateTimeField(null=True)
    ticked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "position"], name="checklist_one_place")]

    def __str__(self) -> str:
        return self.text


class Seat(models.Model):
    """One role of an incident: who holds it, and to whom it is offered. A role nobody ever held has no row.

    Every change is a timeline event of kind `role`; its old and new are this row in words, which are a contract:
    `scribe` is free, `scribe ann` is held, `scribe ann > bob` is offered to bob as well.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="seats")
    role = models.CharField(max_length=16, choices=IncidentRole.choices)
    holder = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    offered_to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    offered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "role"], name="seat_one_holder")]

    def __str__(self) -> str:
        held = f"{self.role} {self.holder}" if self.holder else self.role
        return f"{held} > {self.offered_to}" if self.offered_to else held

    @property
    def title(self) -> IncidentRole:
        return IncidentRole(self.role)
