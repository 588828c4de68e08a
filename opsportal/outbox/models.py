"""What leaves the house is a row here first: due time, lease, attempts, idempotency key; and the ways it leaves by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from opsportal.outbox import circuit
from opsportal.secrets.sealed import SecretField

if TYPE_CHECKING:
    from opsportal.outbox.recipients import Recipient

TRIES_FOR = timedelta(hours=24)


class Channel(models.TextChoices):
    """How a message is carried."""

    SLACK = "slack", "Slack-compatible webhook"
    EMAIL = "email", "E-mail"
    GITHUB = "github", "GitHub issue"
    WEBHOOK = "webhook", "Signed webhook"


class Destination(models.Model):
    """A place that an admin added. Where it lies and what opens it are closed, and are never shown again."""

    name = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # An address of the web, a mail address, or owner/repository.
    address = SecretField()
    # Signing secrets of a webhook, newest first, one a line; the token of GitHub.
    credentials = SecretField(blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    credentials_set_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def route_name(self) -> str:
        """Mail for everybody leaves by the one mail server; other places are a way out of their own."""
        return MAIL_ROUTE if self.channel == Channel.EMAIL else f"{ROW_ROUTE}{self.pk}"


SLACK_ROUTE, MAIL_ROUTE, GITHUB_ROUTE, ROW_ROUTE = (
    "SLACK_WEBHOOK_URL",
    "EMAIL_URL",
    "GITHUB_ISSUES_REPO",
    "destination:",
)
# Readers have ways of their own: ten thousand mails of a status page must not stand before one that wakes somebody.
READERS = "readers:"
# And so have people on call: what wakes them waits behind nothing.
PEOPLE = "people:"


class Route(models.Model):
    """One way out: its circuit breaker and its budget, as a row so that all workers agree."""

    name = models.CharField(max_length=40, unique=True)
    failures = models.PositiveIntegerField(default=0)
    opened = models.PositiveSmallIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    trial_until = models.DateTimeField(null=True)
    minute = models.DateTimeField(null=True)
    sent_in_minute = models.PositiveIntegerField(default=0)
    per_minute = models.PositiveIntegerField(default=60)
    last_error = models.CharField(max_length=32, blank=True)
    last_sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    def read(self) -> circuit.Way:
        """The figures that the rules are about."""
        return circuit.Way(**{name: getattr(self, name) for name in circuit.FIGURES})

    def write(self, way: circuit.Way) -> None:
        """Keep what the rules answered; the caller holds the row's lock."""
        for name in circuit.FIGURES:
            setattr(self, name, getattr(way, name))
        self.save(update_fields=list(circuit.FIGURES))


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Filters over deliveries."""

    def due(self, at: datetime) -> DeliveryQuerySet:
        """Waiting, due, and not in the hands of a living worker."""
        return self.filter(state=Delivery.State.WAITING, due_at__lte=at).filter(
            models.Q(lease_until=None) | models.Q(lease_until__lt=at)
        )

    def waiting(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.WAITING)

    def dead(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.DEAD)

    def of_event(self, event: str) -> DeliveryQuerySet:
        """All messages that one event caused, or the one message of that key."""
        return self.filter(models.Q(event=event) | models.Q(key=event))

    def for_operators(self) -> DeliveryQuerySet:
        """Without what goes to readers, one by one."""
        return self.exclude(route__startswith=READERS)

    def untouched(self) -> DeliveryQuerySet:
        """Waiting, and not tried once: nobody can have read it."""
        return self.filter(state=Delivery.State.WAITING, attempts=0, lease_until=None)

    def in_turn(self) -> DeliveryQuerySet:
        """Without news of an issue whose earlier news has not left yet: the last word has to come last."""
        earlier = Delivery.objects.filter(
            state=Delivery.State.WAITING, event=models.OuterRef("event"), route=models.OuterRef("route"),
            pk__lt=models.OuterRef("pk"),
        )  # fmt: skip
        return self.exclude(models.Q(channel=Channel.GITHUB) & models.Exists(earlier))


class Delivery(models.Model):
    """One message to one destination. `key` makes a second enqueue of the same news a no-op."""

    Channel = Channel

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"

    class Priority(models.IntegerChoices):
        """Smaller leaves first."""

        WRITTEN = 1, "Written by a person"
        MACHINE = 5, "Made by the portal"

    class Act(models.TextChoices):
        """What the message does there; only issues know more than telling."""

        TELL = "tell", "Tell"
        CLOSE = "close", "Close the issue"

    key = models.CharField(max_length=128, unique=True)
    # What happened; all messages about it share it. Replays are asked for by it.
    event = models.CharField(max_length=128, blank=True)
    because = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # The name of a destination (an environment name or a mail address), never a webhook address itself.
    destination = models.CharField(max_length=254)
    # Whom another room knows, such as subscriber:42; it is asked for the address just before the message leaves.
    recipient = models.CharField(max_length=40, blank=True, db_default="")
    to = models.ForeignKey(Destination, null=True, on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=40, default="")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.MACHINE)
    act = models.CharField(max_length=8, choices=Act.choices, default=Act.TELL)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    # Tries go on until then; a replay sets it anew.
    give_up_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    last_error = models.CharField(max_length=32, blank=True)
    # What the receiver calls what it took, such as the number of an issue.
    receipt = models.CharField(max_length=64, blank=True, db_default="")
    failed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Delivery]] = DeliveryQuerySet.as_manager()

    # Filled in when the row is taken out to be sent.
    found: Recipient | None = None

    class Meta:
        indexes = [
            # Read by the sweep: what is due, way by way, what people wrote first.
            models.Index(
                fields=["route", "priority", "due_at"], name="delivery_due", condition=models.Q(state="waiting")
            ),
            # Read by the Deliveries screen: newest first.
            models.Index(fields=["-created_at"], name="delivery_newest"),
            # Read by replay_deliveries --event-id.
            models.Index(fields=["event"], name="delivery_event"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.subject}"

    @property
    def gives_up_at(self) -> datetime:
        """When tries end."""
        return self.give_up_at or self.created_at + TRIES_FOR
