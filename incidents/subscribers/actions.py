"""Tell readers, take it back; ask them, let them in, let them go. Lock, require, change, save, record."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, QuerySet

from incidents.statuspage import load
from incidents.statuspage.models import Component, Page
from incidents.statuspage.news import News
from incidents.statuspage.offers import CONSENT
from incidents.subscribers import addresses, fan_out, letters
from incidents.subscribers.models import Announcement, Subscriber
from incidents.subscribers.proof import Proof
from opsportal.audit import actions as audit
from opsportal.background import wake
from opsportal.errors import Refused
from opsportal.outbox import copies, signing
from opsportal.outbox.models import Channel, Delivery
from opsportal.outbox.recipients import Recipient
from opsportal.privacy import guard
from opsportal.secrets.sealed import Sealed, seal

State = Subscriber.State
LINK_FOR = timedelta(hours=24)
# A stranger who types somebody else's address over and over fills no mailbox.
ASKED_AT_MOST_EVERY = timedelta(hours=1)
TAKEN_BACK = "Taken back"
# Messages given up in a row before nothing more is tried.
FAILURES_TO_SUSPEND = 3
# What says nothing about the address itself.
_NOT_THE_READER = frozenset({"unsubscribed", "sealed", "not_configured", "expired", "lost"})


@transaction.atomic
def announce(news: News) -> Announcement:
    """Promise that everybody whom it concerns hears it, in the caller's transaction. The same key is the same news.

    Whom: who follows everything, and who chose one of its components; news without components goes to the first only.
    """
    guard.require_public(news.title)
    guard.require_public(news.text)
    announcement, is_new = Announcement.objects.get_or_create(
        key=news.key,
        defaults={
            "topic": news.topic,
            "subject": f"[{Page.objects.get().name}] {news.word}: {news.title}"[:200],
            "body": f"{news.title}\n{news.word}\n\n{news.text}",
            "path": news.path,
            "component_ids": sorted(news.component_ids),
            "at": news.at,
        },
    )
    if is_new:
        transaction.on_commit(partial(wake, fan_out.TASK, key=news.key))
    return announcement


@transaction.atomic
def withdraw(key: str, *, at: datetime) -> int:
    """Nobody else hears it: the fan-out stops, and what has not left is dropped; how many messages. Safe to run twice.

    What is in a worker's hands at this moment still arrives. The words are not kept: they were taken off the page.
    """
    announcement = Announcement.objects.select_for_update().filter(key=key).first()
    if announcement is None:
        return 0
    waiting = Delivery.objects.filter(event=key, state=Delivery.State.WAITING, lease_until=None)
    dropped, _ = waiting.exclude(recipient="").delete()
    announcement.withdrawn_at = announcement.withdrawn_at or at
    announcement.dropped += dropped
    announcement.subject, announcement.body = TAKEN_BACK, ""
    announcement.save(update_fields=["withdrawn_at", "dropped", "subject", "body"])
    return dropped


@transaction.atomic
def ask(*, channel: str, address: str, is_all: bool, component_ids: Iterable[str], at: datetime) -> None:
    """Somebody typed an address: it gets a message with a one-time link, whatever we know of it already.

    The work is the same for an address that is known and for one that is not. Nothing of a subscription that lives is
    changed by who only knows the address; at most one message an hour goes there.
    """
    mark = addresses.hashed(channel, address)
    row, _ = Subscriber.objects.select_for_update().get_or_create(
        address_hash=mark, defaults={"channel": channel, "address": seal(address)}
    )
    if row.asked_at is not None and at - row.asked_at < ASKED_AT_MOST_EVERY:
        return
    if row.state in (State.WAITING, State.ENDED):
        row.state, row.address, row.is_all = State.WAITING, seal(address), is_all
        row.components.set(() if is_all else Component.objects.filter(public_id__in=list(component_ids)))
    row.nonce, row.asked_at = secrets.token_hex(16), at
    row.save()
    _send_link(row, at=at)


@transaction.atomic
def invite(*, channel: str, address: str, by: str, at: datetime) -> None:
    """An admin asks in somebody's name, for everything; nothing more is sent before they confirm."""
    known = Subscriber.objects.filter(address_hash=addresses.hashed(channel, address), state=State.ENDED)
    if known.exists():
        raise Refused("HAS_LEFT", "This address was unsubscribed or removed. Only its owner can subscribe it again.")
    ask(channel=channel, address=address, is_all=True, component_ids=(), at=at)
    audit.record("subscriber.invite", by=by, object=channel)


def _send_link(row: Subscriber, *, at: datetime) -> None:
    """The words around the link are written when it leaves (letters.py), so that no link lies in the outbox."""
    name, words = Page.objects.get().name, load.words()
    link = copies.Copy(
        key=f"confirm:{row.pk}:{row.nonce}",
        recipient=row.reference,
        channel=row.channel,
        subject=f"[{name}] {words.gettext('Please confirm your subscription')}",
        body="Asks whether the address wants to be told.",
    )
    copies.enqueue([link], event=f"{row.reference}:confirm", because="Somebody asked to be told", at=at)


@transaction.atomic
def confirm(pk: int, nonce: str, *, at: datetime) -> tuple[Subscriber, str]:
    """The link was used: the address is told from now on. With the signing secret of a webhook, to read this once."""
    row = Subscriber.objects.select_for_update().filter(pk=pk).first()
    if row is None or not row.nonce or row.nonce != nonce or row.asked_at is None or at - row.asked_at > LINK_FOR:
        raise Refused("LINK_OVER", "This link was used already, or it is older than 24 hours. Subscribe again.")
    secret = ""
    if row.channel == Channel.WEBHOOK and not row.credentials:
        secret = signing.new_secret()
        row.credentials = seal(secret)
    if row.state != State.ACTIVE:
        row.state, row.confirmed_at, row.ended_at, row.failures = State.ACTIVE, at, None, 0
        row.consent, row.consent_on = Subscriber.Source.PAGE, at.date()
        row.consent_source, row.consent_wording = "Status page, confirmed by its link", _agreed_to()
    row.nonce = ""
    row.save()
    return row, secret


def _agreed_to() -> str:
    """The words of the form, in the language in which the page shows them."""
    return load.words().gettext(CONSENT)


@transaction.atomic
def choose(pk: int, *, is_all: bool, component_ids: Iterable[str]) -> Subscriber:
    """Other components from now on."""
    row = _living(pk)
    row.is_all = is_all
    row.components.set(() if is_all else Component.objects.filter(public_id__in=list(component_ids)))
    row.save(update_fields=["is_all"])
    return row


@transaction.atomic
def renew_secret(pk: int) -> str:
    """Another signing secret for a webhook; read this once only."""
    row = _living(pk)
    if row.channel != Channel.WEBHOOK:
        raise Refused("NO_SIGNATURE", "Only signed webhooks have a signing secret.")
    secret = signing.new_secret()
    row.credentials = seal(secret)
    row.save(update_fields=["credentials"])
    return secret


@transaction.atomic
def end(pk: int, *, at: datetime) -> bool:
    """The reader leaves: the address is gone, what waited for it is never sent. True the first time; safe twice."""
    row = Subscriber.objects.select_for_update().filter(pk=pk).exclude(state=State.ENDED).first()
    if row is None:
        return False
    row.state, row.ended_at, row.nonce = State.ENDED, at, ""
    row.address = row.credentials = Sealed()
    row.consent_source = row.consent_wording = ""
    row.asked_at = None  # who comes back at once gets a link at once
    row.save()
    row.components.clear()
    Delivery.objects.filter(recipient=row.reference, state=Delivery.State.WAITING, lease_until=None).delete()
    return True


@transaction.atomic
def remove(pk: int, *, by: str, at: datetime) -> None:
    """An admin erases an address, as its owner asked or as nobody is there."""
    if not end(pk, at=at):
        raise Refused("NOT_THERE", "This subscription has ended already; its address is gone.")
    audit.record("subscriber.remove", by=by, object=f"subscriber {pk}")


@transaction.atomic
def bring_in(rows: Iterable[Proof], *, by: str, at: datetime) -> int:
    """Take over addresses with proof of consent, all in one go; how many are new."""
    count = 0
    for one in rows:
        row, is_new = Subscriber.objects.get_or_create(
            address_hash=addresses.hashed(Channel.EMAIL, one.address),
            defaults={
                "channel": Channel.EMAIL,
                "address": seal(one.address),
                "state": State.ACTIVE,
                "is_all": not one.component_ids,
                "confirmed_at": at,
                "consent": Subscriber.Source.IMPORT,
                "consent_on": one.on,
                "consent_source": one.source,
                "consent_wording": one.wording,
            },
        )
        if is_new:
            row.components.set(Component.objects.filter(public_id__in=one.component_ids))
            count += 1
    audit.record("subscriber.import", by=by, object=f"{count} addresses")
    return count


def tidy(*, at: datetime) -> int:
    """Forget addresses that nobody confirmed in time; how many. Safe to run twice."""
    over = Subscriber.objects.filter(state=State.WAITING, asked_at__lt=at - LINK_FOR)
    for pk in list(over.exclude(ended_at=None).order_by("pk").values_list("pk", flat=True)):
        end(pk, at=at)  # who had left before stays on the list of those not to be added
    return _forget(over.filter(ended_at=None))


@transaction.atomic
def _forget(over: QuerySet[Subscriber]) -> int:
    """Under their locks: who asks again at this moment keeps the new link."""
    pks = list(over.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return Subscriber.objects.filter(pk__in=pks).delete()[0]


class Directory:
    """What the outbox asks when a message leaves, and what it tells when one arrived or did not."""

    gone = "unsubscribed"

    def find(self, deliveries: Iterable[Delivery]) -> dict[int, Recipient]:
        return letters.find(deliveries)

    def took(self, number: int, *, at: datetime) -> None:
        Subscriber.objects.filter(pk=number, failures__gt=0).update(failures=0)

    def gave_up(self, number: int, *, error: str, at: datetime) -> None:
        """Three in a row, or an address that says it is gone for good: nothing more is tried until it is confirmed.

        Of mail only a refused recipient counts: when our own mail server is away, no reader is to blame.
        """
        if error in _NOT_THE_READER:
            return
        mine = Subscriber.objects.active().filter(pk=number)
        tired = mine.filter(channel=Channel.EMAIL) if error == "recipient" else mine.exclude(channel=Channel.EMAIL)
        tired.update(failures=F("failures") + 1)
        if error != "gone":
            tired = tired.filter(failures__gte=FAILURES_TO_SUSPEND)
        tired.update(state=State.SUSPENDED)


def _living(pk: int) -> Subscriber:
    row = Subscriber.objects.select_for_update().filter(pk=pk).first()
    if row is None or row.state not in (State.ACTIVE, State.SUSPENDED):
        raise Refused("NOT_SUBSCRIBED", "This subscription has ended. Subscribe again on the status page.")
    return row
