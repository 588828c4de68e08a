"""Queue a message, send what is due, try a given-up one again."""

import random
import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from opsportal.audit import actions as audit
from opsportal.background import after_commit
from opsportal.errors import Refused
from opsportal.outbox import channels
from opsportal.outbox.models import Delivery
from opsportal.privacy import guard

log = structlog.get_logger("opsportal.outbox")

# Longer than the slowest try, so that nobody else takes up a message that is just being sent.
LEASE = timedelta(seconds=60)
# One round sends this long, then leaves the rest to the next: a slow receiver must not keep workers from other work.
ROUND = timedelta(seconds=15)
GIVE_UP_AFTER = timedelta(hours=24)


def enqueue(*, key: str, channel: str, destination: str, subject: str, body: str, at: datetime) -> Delivery:
    """Promise one message, in the caller's transaction. The same key again is the same message, not a second one."""
    subject = " ".join(subject.split())  # a line break would be a header of its own in a mail
    guard.require_clean(subject)
    guard.require_clean(body)
    delivery, is_new = Delivery.objects.get_or_create(
        key=key,
        defaults={"channel": channel, "destination": destination, "subject": subject, "body": body, "due_at": at},
    )
    if is_new:
        after_commit("opsportal.deliver_due")
    return delivery


def tell_operators(*, key: str, subject: str, body: str, at: datetime) -> list[Delivery]:
    """One message for each destination of the ops channel that is configured; none when none is."""
    where = [(Delivery.Channel.SLACK, "SLACK_WEBHOOK_URL")] if settings.SLACK_WEBHOOK_URL else []
    if settings.EMAIL_CONFIGURED:
        where += [(Delivery.Channel.EMAIL, address) for address in settings.ALERT_EMAIL]
    return [
        enqueue(
            key=f"{key}:{channel}:{place}", channel=channel, destination=destination, subject=subject, body=body, at=at
        )
        for place, (channel, destination) in enumerate(where)
    ]


def deliver_due() -> None:
    """Send everything that is due, oldest first. Safe to run twice and from many workers at once."""
    until = time.monotonic() + ROUND.total_seconds()
    while time.monotonic() < until and (delivery := _claim(timezone.now())):
        _send(delivery)


@transaction.atomic
def replay(delivery: Delivery, *, by: str, at: datetime) -> None:
    """Try a given-up message once more, under its old key, so that a receiver can recognise a double."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.state != Delivery.State.DEAD:
        raise Refused("NOT_GIVEN_UP", "Only a message that was given up can be sent again.")
    delivery.state, delivery.due_at, delivery.lease_until, delivery.attempts = Delivery.State.WAITING, at, None, 0
    delivery.save(update_fields=["state", "due_at", "lease_until", "attempts"])
    audit.record("delivery.replay", by=by, object=delivery.key)
    after_commit("opsportal.deliver_due")


@transaction.atomic
def _claim(at: datetime) -> Delivery | None:
    """Take the oldest due row for a minute; commit before anything is sent."""
    row = Delivery.objects.due(at).order_by("due_at").select_for_update(skip_locked=True).first()
    if row is not None:
        row.lease_until, row.attempts = at + LEASE, row.attempts + 1
        row.save(update_fields=["lease_until", "attempts"])
    return row


def _send(delivery: Delivery) -> None:
    error = channels.send(delivery)
    at = timezone.now()
    if not error:
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.SENT, sent_at=at, lease_until=None, last_error=""
        )
        return
    log.warning("delivery failed", channel=delivery.channel, error=error, attempts=delivery.attempts)
    given_up = at - delivery.created_at > GIVE_UP_AFTER
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.DEAD if given_up else Delivery.State.WAITING,
        due_at=at + backoff(delivery.attempts),
        lease_until=None,
        last_error=error,
    )


def backoff(attempts: int) -> timedelta:
    """Ten seconds, doubling to an hour, with a quarter of jitter so that many do not come back at once.

    >>> 7 <= backoff(1).total_seconds() <= 13
    True
    """
    seconds = min(3600.0, 10.0 * 2 ** (attempts - 1))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
