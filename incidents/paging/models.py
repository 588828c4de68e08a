"""How people are reached, what the rules were at any moment, and every call with its messages and its silences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from incidents.alerts.models import Alert
from incidents.response.models import Incident
from incidents.response.states import Severity
from opsportal.models import Delivery, User
from opsportal.outbox.models import Channel
from opsportal.privacy.fields import GuardedTextField
from opsportal.secrets.sealed import SecretField

CHANNELS = [(one.value, one.label) for one in (Channel.EMAIL, Channel.SLACK, Channel.WEBHOOK)]
# A proof that is older than this says little about tonight (ui.md, People).
GOOD_FOR = timedelta(days=90)


class ReachQuerySet(models.QuerySet["Reach"]):
    """Filters over the ways in which people are reached."""

    def kept(self) -> ReachQuerySet:
        return self.filter(ended_at=None)

    def proved(self) -> ReachQuerySet:
        """Somebody answered from there, however long ago."""
        return self.kept().exclude(proved_at=None)


class Reach(models.Model):
    """One way in which one person is reached. The address is closed; its name is what screens show."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reaches")
    name = GuardedTextField(max_length=60)
    channel = models.CharField(max_length=8, choices=CHANNELS)
    address = SecretField()
    # Signing secret of a webhook.
    credentials = SecretField(blank=True)
    # The smallest is asked first by rules that call one way.
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    # The last message that asked for an answer, its one-time word, and the last answer.
    asked_at = models.DateTimeField(null=True)
    nonce = models.CharField(max_length=32, blank=True)
    proved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Reach]] = ReachQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], condition=Q(ended_at=None), name="reach_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.person}"

    def is_fresh(self, at: datetime) -> bool:
        """Proved, and not so long ago that nobody can rely on it."""
        return self.proved_at is not None and at - self.proved_at <= GOOD_FOR


class PagingRule(models.Model):
    """Whom an alarm of one severity calls, from `since` on. A change is another row: a call keeps the rule it met."""

    class Whom(models.TextChoices):
        FIRST = "first", "The first on call"
        BOTH = "both", "First and backup at once"
        NOBODY = "nobody", "Nobody"

    class How(models.TextChoices):
        ALL = "all", "By every verified contact method"
        ONE = "one", "By the first verified contact method"

    severity = models.CharField(max_length=5, choices=Severity.choices)
    whom = models.CharField(max_length=6, choices=Whom.choices)
    how = models.CharField(max_length=3, choices=How.choices)
    # Minutes until the backup is called as well; empty: never.
    backup_minutes = models.PositiveSmallIntegerField(null=True)
    since = models.DateTimeField()
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[PagingRule]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["severity", "since"], name="paging_rule_since")]

    def __str__(self) -> str:
        return f"{self.severity} since {self.since:%Y-%m-%d %H:%M}"


class CallQuerySet(models.QuerySet["Call"]):
    """Filters over calls."""

    def open(self) -> CallQuerySet:
        return self.filter(ended_at=None)


class Call(models.Model):
    """One alarm on its way to people: of an alert, or of an incident that somebody declared. Its rule never changes."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="calls")
    alert = models.OneToOneField(Alert, null=True, on_delete=models.PROTECT, related_name="call")
    severity = models.CharField(max_length=5, choices=Severity.choices)
    whom = models.CharField(max_length=6, choices=PagingRule.Whom.choices)
    how = models.CharField(max_length=3, choices=PagingRule.How.choices)
    backup_minutes = models.PositiveSmallIntegerField(null=True)
    started_at = models.DateTimeField()
    # When the backup is called; empty once that was done, or if it never is.
    backup_due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Why nothing more is sent, in words.
    ended_because = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Call]] = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident"], condition=Q(alert=None), name="call_of_incident"),
        ]
        indexes = [
            # Read by the sweep: whose backup has to be called.
            models.Index(fields=["backup_due_at"], name="call_backup_due", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"Call of {self.incident.label}"


class CallLine(models.Model):
    """One message of a call, or one silence: with the words that say why."""

    class Stage(models.TextChoices):
        FIRST = "first", "First"
        BACKUP = "backup", "Backup"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="lines")
    stage = models.CharField(max_length=6, choices=Stage.choices)
    at = models.DateTimeField()
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reach = models.ForeignKey(Reach, null=True, on_delete=models.PROTECT, related_name="+")
    # None when nothing was sent.
    delivery = models.OneToOneField(Delivery, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.CharField(max_length=300)

    objects: ClassVar[models.Manager[CallLine]] = models.Manager()

    class Meta:
        constraints = [
            # One message by one way in one stage, whatever runs twice.
            models.UniqueConstraint(fields=["call", "stage", "reach"], name="page_once"),
        ]

    def __str__(self) -> str:
        return self.why
