"""What tests of the outbox share: receivers, and messages in a few words."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from opsportal.outbox import actions, destinations
from opsportal.outbox.models import Delivery, Destination
from tests.opsportal.outbox import sinks


@pytest.fixture
def mail_sink(settings: Any) -> Iterator[sinks.MailSink]:
    """A mail server that the settings name."""
    with sinks.mail_sink() as sink:
        settings.EMAIL_BACKEND = "opsportal.outbox.channels.mail.BoundedBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_CONFIGURED = "127.0.0.1", sink.port, True
        yield sink


@pytest.fixture
def queue(db: None) -> Callable[..., Delivery]:
    """One message; name what matters."""

    def make(key: str = "incident:1:opened", **fields: Any) -> Delivery:
        given = {
            "channel": Delivery.Channel.SLACK,
            "destination": "SLACK_WEBHOOK_URL",
            "subject": "INC-1 SEV-1 API is down",
            "body": "On call: @sre-oncall",
            "at": timezone.now(),
        }
        return actions.enqueue(key=key, **{**given, **fields})

    return make


@pytest.fixture
def add_destination(db: None, settings: Any) -> Callable[..., Destination]:
    """A destination on this machine, which the list of internal targets opens."""
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]

    def add(address: str, channel: str = "webhook", name: str = "Partner", token: str = "") -> Destination:
        return destinations.add(
            name=name, channel=channel, address=address, token=token, by="admin", at=timezone.now()
        )[0]

    return add


@pytest.fixture
def send_again() -> Callable[[], None]:
    """As if every pause were over: the clock is moved in the rows."""

    def later() -> None:
        past = timezone.now() - timedelta(seconds=1)
        Delivery.objects.filter(state="waiting").update(due_at=past, lease_until=None)
        actions.deliver_due()

    return later
