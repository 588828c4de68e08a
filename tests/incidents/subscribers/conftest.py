"""Readers in a few words, receivers that are real, and news that was just published."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.statuspage.models import Component
from incidents.statuspage.news import News
from incidents.subscribers import actions, addresses
from incidents.subscribers.models import Subscriber
from opsportal.secrets.sealed import seal
from tests.incidents.statuspage.conftest import backend, draft, incident, snapshot_dir, write
from tests.opsportal.outbox import sinks

__all__ = ["backend", "draft", "incident", "snapshot_dir", "write"]


@pytest.fixture
def mails(settings: Any) -> Iterator[sinks.MailSink]:
    """A mail server that the settings name."""
    with sinks.mail_sink() as sink:
        settings.EMAIL_BACKEND = "opsportal.outbox.channels.mail.BoundedBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_CONFIGURED = "127.0.0.1", sink.port, True
        yield sink


@pytest.fixture
def data_dir(settings: Any, tmp_path: Any) -> Any:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def reader(db: None) -> Callable[..., Subscriber]:
    """Somebody who confirmed a day ago; name what matters."""

    def make(address: str = "reader@example.org", *components: str, **fields: Any) -> Subscriber:
        channel = fields.pop("channel", "email")
        given: dict[str, Any] = {
            "channel": channel,
            "address": seal(address),
            "address_hash": addresses.hashed(channel, address),
            "state": Subscriber.State.ACTIVE,
            "is_all": not components,
            "confirmed_at": timezone.now() - timedelta(days=1),
        }
        row = Subscriber.objects.create(**given | fields)
        row.components.set(Component.objects.filter(name__in=components))
        return row

    return make


@pytest.fixture
def tell(db: None) -> Callable[..., News]:
    """News about an incident, told now."""

    def now(key: str = "update:one", *components: str, **fields: Any) -> News:
        given: dict[str, Any] = {
            "topic": "incident:abc",
            "title": "Problem with the API",
            "word": "Investigating",
            "text": f"We look into it ({key}).",
            "path": "/status/incidents/abc/",
            "component_ids": tuple(
                Component.objects.filter(name__in=components).order_by("pk").values_list("public_id", flat=True)
            ),
            "at": timezone.now(),
        }
        news = News(key=key, **given | fields)
        actions.announce(news)
        return news

    return now
