"""A message with everything its channel needs: built from the row just before it leaves, never stored."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from opsportal import env
from opsportal.errors import Refused
from opsportal.network import Guard
from opsportal.outbox.models import Channel, Delivery

GITHUB = "https://api.github.com"


@dataclass(frozen=True)
class Letter:
    """Where it goes, what opens the door there, what it says. The printed form says nothing of the first two."""

    key: str
    event: str
    channel: str
    subject: str
    body: str
    queued_at: datetime
    closes: bool
    guard: Guard = field(repr=False)
    address: str = field(default="", repr=False)
    credentials: tuple[str, ...] = field(default=(), repr=False)
    # What the receiver calls the thing that earlier messages of the event were about.
    receipt: str = ""
    portal: str = ""
    # Mail only: the same words with headings and links, and what mail programs want to know.
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def message_id(self) -> str:
        """The same at every try, so that a receiver recognises a duplicate."""
        return f"msg_{hashlib.sha256(self.key.encode()).hexdigest()[:32]}"

    @property
    def marker(self) -> str:
        """What an issue is found again by; two portals may share a repository."""
        return f"<!-- opsportal:{re.sub(r'[^A-Za-z0-9:._-]', '-', f'{self.portal}:{self.event}')} -->"


def write(delivery: Delivery) -> Letter:
    """The letter of a row; Refused when its destination cannot be opened."""
    if delivery.recipient:
        return _to_recipient(delivery)
    address, credentials, guard = _addressed(delivery)
    return Letter(
        key=delivery.key,
        event=delivery.event or delivery.key,
        channel=delivery.channel,
        subject=delivery.subject,
        body=delivery.body,
        queued_at=delivery.created_at,
        closes=delivery.act == Delivery.Act.CLOSE,
        guard=guard,
        address=address,
        credentials=credentials,
        receipt=delivery.receipt,
        portal=urlsplit(settings.BASE_URL).netloc,
    )


def _to_recipient(delivery: Delivery) -> Letter:
    """Closed until now; what the room above made of the text goes in place of the row's own."""
    found = delivery.found
    if found is None:
        raise Refused("GONE", "Nobody is there any more, or nobody has to be told.")
    return Letter(
        key=delivery.key,
        event=delivery.event,
        channel=delivery.channel,
        subject=found.subject or delivery.subject,
        body=found.text or delivery.body,
        queued_at=delivery.created_at,
        closes=False,
        guard=typed_guard(),
        address=found.address.open(),
        credentials=tuple(found.credentials.open().split()),
        html=found.html,
        headers=found.headers,
    )


def typed_guard() -> Guard:
    """For addresses that people type: public ones, and what PROBE_ALLOWED_INTERNAL lists."""
    return Guard.from_list(settings.PROBE_ALLOWED_INTERNAL)


def github_api() -> str:
    """The base of GitHub's API, such as that of a server of one's own."""
    return env.text("GITHUB_API_URL", GITHUB).rstrip("/")


def _addressed(delivery: Delivery) -> tuple[str, tuple[str, ...], Guard]:
    if (to := delivery.to) is not None:
        guard = _reaching(github_api()) if to.channel == Channel.GITHUB else typed_guard()
        return to.address.open(), tuple(to.credentials.open().split()), guard
    match delivery.channel:
        case Channel.SLACK:
            return settings.SLACK_WEBHOOK_URL, (), _reaching(settings.SLACK_WEBHOOK_URL)
        case Channel.GITHUB:
            return env.text("GITHUB_ISSUES_REPO"), (env.text("GITHUB_TOKEN"),), _reaching(github_api())
        case Channel.EMAIL:
            return delivery.destination, (), Guard()
    return "", (), Guard()


def _reaching(url: str) -> Guard:
    """What the operator wrote into the environment may lie inside; that one target, and no other."""
    parts = urlsplit(url)
    if not parts.hostname:
        return Guard()
    return Guard(targets=frozenset({(parts.hostname.lower(), parts.port or (443 if parts.scheme == "https" else 80))}))
