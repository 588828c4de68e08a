"""Readers who want to be told, and the news on its way to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from incidents.statuspage.models import Component
from opsportal.outbox.models import Channel
from opsportal.privacy.fields import GuardedTextField
from opsportal.secrets.sealed import SecretField

CHANNELS = [(one.value, one.label) for one in (Channel.EMAIL, Channel.SLACK, Channel.WEBHOOK)]


class AddressKey(models.Model):
    """One row: the key under which addresses are hashed. Closed, so that no copy of the database tells who reads."""

    secret = SecretField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return "key of the addresses' hashes"


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    """Filters over subscribers."""

    def active(self) -> SubscriberQuerySet:
        return self.filter(state=Subscriber.State.ACTIVE)

    def reachable(self) -> SubscriberQuerySet:
        """Active, by a way that this portal has: mail needs a mail server."""
        found = self.active()
        return found if settings.EMAIL_CONFIGURED else found.exclude(channel=Channel.EMAIL)

    def interested_in(self, component_ids: list[str]) -> SubscriberQuerySet:
        """Who follows everything, and who chose one of these components."""
        chosen = Subscriber.components.through.objects.filter(
            subscriber=models.OuterRef("pk"), component__public_id__in=component_ids
        )
        return self.filter(models.Q(is_all=True) | models.Exists(chosen))

    def known_at(self, at: datetime) -> SubscriberQuerySet:
        """Who came later does not get old news."""
        return self.filter(confirmed_at__lte=at)


class Subscriber(models.Model):
    """Somebody outside who is told. The address is closed and only there while it is needed; its hash stays.

    The hash of one who left keeps staff from adding the address again; the person can come back by the public page.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Not confirmed"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        ENDED = "ended", "Ended"

    class Source(models.TextChoices):
        """How consent came."""

        PAGE = "page", "Status page"
        IMPORT = "import", "Import with proof"

    channel = models.CharField(max_length=8, choices=CHANNELS)
    address = SecretField(blank=True)
    address_hash = models.CharField(max_length=64, unique=True)
    # Signing secret of a webhook.
    credentials = SecretField(blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    is_all = models.BooleanField(default=True)
    components = models.ManyToManyField(Component, blank=True, related_name="+")
    # Part of the one-time link; empty when none is open.
    nonce = models.CharField(max_length=32, blank=True)
    asked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Messages given up in a row.
    failures = models.PositiveSmallIntegerField(default=0)
    consent = models.CharField(max_length=6, choices=Source.choices, default=Source.PAGE)
    consent_on = models.DateField(null=True)
    consent_source = GuardedTextField(blank=True, max_length=200)
    consent_wording = GuardedTextField(blank=True, max_length=500)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[models.Manager[Subscriber]] = SubscriberQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the fan-out: active ones from a pk on.
            models.Index(fields=["id"], name="subscriber_active", condition=models.Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.pk}"

    @property
    def reference(self) -> str:
        """How the outbox calls this one."""
        return f"{REFERENCE}:{self.pk}"


REFERENCE = "subscriber"


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    """Filters over announcements."""

    def under_way(self) -> AnnouncementQuerySet:
        return self.filter(done_at=None, withdrawn_at=None)


class Announcement(models.Model):
    """One piece of news on its way to everybody whom it concerns: how far the fan-out came, and what it said.

    The row's lock is the lease: it ends with the worker that holds it. `cursor` is the last subscriber who has a
    message; both are written in one transaction with the messages.
    """

    key = models.CharField(max_length=64, unique=True)
    topic = models.CharField(max_length=64)
    subject = GuardedTextField(max_length=200)
    body = GuardedTextField()
    path = models.CharField(max_length=100)
    component_ids = models.JSONField(default=list, blank=True)
    at = models.DateTimeField()
    cursor = models.BigIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    # Messages that left as part of the next one.
    joined = models.PositiveIntegerField(default=0)
    dropped = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Announcement]] = AnnouncementQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the sweep: what is not told to the end.
            models.Index(
                fields=["at"],
                name="announcement_under_way",
                condition=models.Q(done_at=None, withdrawn_at=None),
            ),
            # Read by the fan-out: what was said of the same a moment ago.
            models.Index(fields=["topic", "at"], name="announcement_topic"),
        ]

    def __str__(self) -> str:
        return self.subject
