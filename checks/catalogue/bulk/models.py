"""An act on many checks that a person asked for: what is left to do of it, and how it went."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from checks.catalogue.bulk.acts import ACTS, Act, Given
from incidents.models import Domain
from opsportal.models import AuditEvent, User
from opsportal.privacy.fields import GuardedTextField

_CHOICES = [(act.slug, act.verb) for act in ACTS.values()]


class BulkAct(models.Model):
    """The promise to do one act to each of these checks. A worker that dies leaves the rest in `ids`."""

    act = models.CharField(max_length=12, choices=_CHOICES)
    # The checks that still wait for it, in the order in which rows are locked.
    ids = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # What could not be done any more, as pairs of the check's key and a sentence; its beginning.
    refused = models.JSONField(default=list)
    until = models.DateTimeField(null=True)
    reason = GuardedTextField(max_length=300, blank=True)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.PROTECT, related_name="+")
    is_daily = models.BooleanField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # By which door it came, so that the lines in the audit log say the same whenever they are written.
    source = models.CharField(max_length=8, choices=AuditEvent.Source.choices)
    created_at = models.DateTimeField()
    # When a slice was done last; the sweep looks after those that stand still.
    worked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[BulkAct]] = models.Manager()

    class Meta:
        indexes = [
            # Read by the sweep: what is under way.
            models.Index(fields=["worked_at"], name="bulk_act_open", condition=models.Q(ended_at=None)),
            # Read by the page of acts: the newest.
            models.Index(fields=["-created_at"], name="bulk_act_newest"),
        ]

    def __str__(self) -> str:
        return self.what.title(self.total)

    @property
    def what(self) -> Act:
        return ACTS[self.act]

    @property
    def given(self) -> Given:
        return Given(self.until, self.reason, self.domain, self.is_daily)

    @property
    def looked_at(self) -> int:
        """How many it has come past, whether it could do them or not."""
        return self.total - len(self.ids)

    @property
    def left_alone(self) -> int:
        return self.looked_at - self.done
