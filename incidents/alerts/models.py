"""Alerts: news of trouble from a check or another tool, one row for each run of trouble under a key."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from incidents.ownership.models import Domain
from incidents.response.models import Incident
from incidents.response.states import Severity
from incidents.runbooks.models import Runbook
from opsportal.models import User
from opsportal.privacy.fields import GuardedTextField
from opsportal.roles import Role


class AlertQuerySet(models.QuerySet["Alert"]):
    """Filters over alerts."""

    def firing(self) -> AlertQuerySet:
        """What goes on and is heard: it has a room."""
        return self.filter(resolved_at=None).exclude(incident=None)

    def muted(self) -> AlertQuerySet:
        """What goes on and wakes nobody."""
        return self.filter(resolved_at=None, incident=None)

    def counted(self) -> AlertQuerySet:
        """What figures are about: no drills."""
        return self.filter(is_drill=False)

    def visible_to(self, person: User) -> AlertQuerySet:
        """Viewers do not see what security incidents are about."""
        return self if person.has_role(Role.RESPONDER) else self.exclude(incident__nature=Incident.Nature.SECURITY)


class Alert(models.Model):
    """Trouble under one dedup key from its first firing to its end; a new run of trouble is a new row."""

    dedup_key = models.CharField(max_length=255)
    source = models.CharField(max_length=32)
    title = GuardedTextField(max_length=160)
    detail = GuardedTextField(blank=True)
    # The token of what is wrong, such as missing_env; empty when whoever spoke gave none.
    reason = models.CharField(max_length=40, blank=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="alerts")
    severity = models.CharField(max_length=5, choices=Severity.choices)
    # None while it is muted, and for ever when it ended under the mute.
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="alerts")
    joins_domain = models.BooleanField(default=False)
    ends_by_hand = models.BooleanField(default=False)
    is_drill = models.BooleanField(default=False)
    # It passes again and waits for a person to end it.
    recovered_at = models.DateTimeField(null=True)
    remind_hours = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seen = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    # The runbook that answers it; only after advice.with_guides().
    guide: Runbook | None = None

    objects: ClassVar[models.Manager[Alert]] = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            # The dedup rule itself: one firing alert a key, whatever arrives at the same time.
            models.UniqueConstraint(
                fields=["dedup_key"], condition=models.Q(resolved_at=None), name="alert_one_firing"
            ),
        ]
        indexes = [
            # Read by the alerts list: newest first.
            models.Index(fields=["-fired_at"], name="alert_newest"),
            # Read by the sweep: what may have to be said again.
            models.Index(
                fields=["id"], name="alert_reminding", condition=models.Q(resolved_at=None, remind_hours__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def room(self) -> Incident:
        """Where it is worked on; never asked of what is muted."""
        assert self.incident is not None
        return self.incident
