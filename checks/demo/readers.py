"""Readers of the demo's status page, at addresses that belong to nobody, and how the newest news reached them."""

from datetime import datetime, timedelta

from incidents.models import Announcement, Component, Subscriber
from incidents.statuspage.offers import CONSENT
from incidents.subscribers import addresses
from opsportal.models import Delivery
from opsportal.outbox import ways
from opsportal.secrets.sealed import seal

_MAILS, _CHOOSY = 46, 14
_HOOKS = (("slack", "https://hooks.example.org/team-a"), ("slack", "https://hooks.example.org/team-b"),
          ("webhook", "https://status.example.org/incoming"))  # fmt: skip
_TOLD = 3


def load(at: datetime) -> None:
    """Some follow everything, some one component; three addresses were refused again and again."""
    components = list(Component.objects.in_order())
    people = [("email", f"reader{number:02}@example.org") for number in range(1, _MAILS + 1)]
    for number, (channel, address) in enumerate([*people, *_HOOKS]):
        joined = at - timedelta(days=80 - number)
        row = Subscriber.objects.create(
            channel=channel,
            address=seal(address),
            address_hash=addresses.hashed(channel, address),
            state=Subscriber.State.SUSPENDED if number % 17 == 16 else Subscriber.State.ACTIVE,
            is_all=number >= _CHOOSY,
            confirmed_at=joined,
            consent_on=joined.date(),
            consent_source="Status page, confirmed by its link",
            consent_wording=CONSENT,
        )
        if number < _CHOOSY:
            row.components.add(components[number % len(components)])
    _told(at)


def _told(at: datetime) -> None:
    """What was published before nobody waits for; the newest shows how it went."""
    for news in Announcement.objects.order_by("-at", "-pk")[:_TOLD]:
        whom = list(Subscriber.objects.active().known_at(news.at).interested_in(news.component_ids).order_by("pk"))
        Delivery.objects.bulk_create(_sent(news, reader) for reader in whom)
        Announcement.objects.filter(pk=news.pk).update(queued=len(whom))
    # What came before had no readers yet.
    Announcement.objects.filter(queued=0).delete()
    Announcement.objects.update(done_at=at)


def _sent(news: Announcement, reader: Subscriber) -> Delivery:
    return Delivery(
        key=f"{news.key}:{reader.reference}",
        event=news.key,
        because=f"Published: {news.subject}"[:200],
        channel=reader.channel,
        destination="subscriber",
        recipient=reader.reference,
        route=ways.for_crowd(reader.channel).name,
        priority=Delivery.Priority.WRITTEN,
        subject=news.subject,
        body=news.body,
        state=Delivery.State.SENT,
        attempts=1,
        due_at=news.at,
        created_at=news.at,
        sent_at=news.at + timedelta(seconds=4),
    )
