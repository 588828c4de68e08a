"""How people are reached: add a way, prove it by an answer from there, take it away."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from incidents.paging.models import Reach
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.outbox import copies
from opsportal.outbox.copies import Copy
from opsportal.outbox.destinations import require_address
from opsportal.outbox.models import PEOPLE, Channel
from opsportal.outbox.signing import new_secret
from opsportal.privacy import guard
from opsportal.secrets.sealed import seal

MOST = 8
# Nobody is written to without end in somebody's name: ways that were taken away count, too.
MOST_A_DAY = 20
ASK_EVERY = timedelta(minutes=1)
# A question that was not answered in a day is asked again by whoever still wants the proof.
ANSWER_WITHIN = timedelta(hours=24)
REFERENCE = "reach"
_SALT = "incidents.paging.reach"


@transaction.atomic
def add(person: User, *, name: str, channel: str, address: str, at: datetime) -> tuple[Reach, str]:
    """A new way, and its signing secret when it is a webhook: read once only. The question goes out with it."""
    guard.require_clean(name)
    address = address.strip()
    require_address(channel, address)
    if channel == Channel.EMAIL and not settings.EMAIL_CONFIGURED:
        raise Refused(
            "NOT_CONFIGURED", "Mail needs EMAIL_URL, which is not set. Choose another channel, or ask an admin."
        )
    # One at a time for a person: with no way yet there would be nothing else to lock.
    User.objects.select_for_update().get(pk=person.pk)
    mine = list(Reach.objects.kept().filter(person=person).order_by("position", "pk"))
    if Reach.objects.filter(person=person, created_at__gt=at - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Refused("TOO_MANY_TODAY", f"{MOST_A_DAY} new contact methods a day are the limit. Go on tomorrow.")
    if len(mine) >= MOST:
        raise Refused("TOO_MANY", f"{MOST} contact methods are the limit. Remove one first.")
    if any(one.name == name for one in mine):
        raise Refused("NAME_TAKEN", "You have a contact method of this name already.")
    secret = new_secret() if channel == Channel.WEBHOOK else ""
    row = Reach.objects.create(
        person=person,
        name=name,
        channel=channel,
        address=seal(address),
        credentials=seal(secret),
        position=max((one.position for one in mine), default=-1) + 1,
        created_at=at,
    )
    audit.record("reach.add", by=person.username, object=f"{row.get_channel_display()}: {name}")
    _ask(row, at=at)
    return row, secret


@transaction.atomic
def ask(row: Reach, *, by: User, at: datetime) -> Reach:
    """Send a message there that asks for an answer; the newest question is the one that counts."""
    row = _own(row, by)
    if row.channel == Channel.EMAIL and not settings.EMAIL_CONFIGURED:
        raise Refused("NOT_CONFIGURED", "Mail needs EMAIL_URL, which is not set.")
    if row.asked_at is not None and at - row.asked_at < ASK_EVERY:
        raise Refused("ASKED_JUST_NOW", "A question went there less than a minute ago. Give it time to arrive.")
    _ask(row, at=at)
    return row


@transaction.atomic
def prove(token: str, *, at: datetime) -> Reach:
    """Somebody answered from there. Refused when the question is old, answered, or a newer one was asked."""
    Reach.objects.select_for_update().filter(pk=_read(token)[0]).first()
    row = read(token)
    row.nonce, row.proved_at = "", at
    row.save(update_fields=["nonce", "proved_at"])
    audit.record("reach.prove", by=row.person.username, object=f"{row.get_channel_display()}: {row.name}")
    return row


def read(token: str) -> Reach:
    """The way that a question's address is about; Refused when it is none of ours, too old, answered or taken away."""
    pk, nonce = _read(token)
    row = Reach.objects.kept().select_related("person").filter(pk=pk, person__is_active=True).first()
    if row is None:
        raise Refused("GONE", "This contact method was removed. There is nothing to confirm.")
    if row.nonce != nonce:
        raise Refused("ANSWERED", "This question has been answered, or a newer one was sent.")
    return row


@transaction.atomic
def put_first(row: Reach, *, by: User) -> None:
    """Rules that call one way call this one."""
    locked = list(Reach.objects.kept().select_for_update().filter(person=by).order_by("pk"))
    row = _own(row, by)
    mine = sorted(locked, key=lambda one: (one.pk != row.pk, one.position, one.pk))
    for place, one in enumerate(mine):
        Reach.objects.filter(pk=one.pk).update(position=place)
    audit.record("reach.first", by=by.username, object=row.name)


@transaction.atomic
def remove(row: Reach, *, by: User, at: datetime) -> None:
    """Nothing more is sent there, and the address is forgotten."""
    row = _own(row, by)
    row.ended_at, row.address, row.credentials, row.nonce = at, seal(""), seal(""), ""
    row.save(update_fields=["ended_at", "address", "credentials", "nonce"])
    audit.record("reach.remove", by=by.username, object=f"{row.get_channel_display()}: {row.name}")


def end_questions(at: datetime) -> int:
    """After a leak no link of a question proves anything any more; how many were open. Each is asked for anew."""
    return Reach.objects.kept().exclude(nonce="").update(nonce="")


def _own(row: Reach, by: User) -> Reach:
    """Ways are for their owner alone: a colleague's telephone is nobody else's to change."""
    found = Reach.objects.kept().select_for_update(of=("self",)).filter(pk=row.pk, person=by).first()
    if found is None:
        raise Refused("NOT_YOURS", "This contact method is not yours, or it was removed.")
    return found


def _ask(row: Reach, *, at: datetime) -> None:
    row.asked_at, row.nonce = at, secrets.token_urlsafe(16)
    row.save(update_fields=["asked_at", "nonce"])
    copies.enqueue(
        [
            Copy(
                key=f"reach:{row.pk}:{row.nonce}",
                recipient=f"{REFERENCE}:{row.pk}",
                channel=row.channel,
                subject="Does this reach you?",
                # The link stands in the letter alone, which is written when it leaves.
                body=f"Opsportal asks whether {row.person.username} is reached here.",
            )
        ],
        event=f"reach:{row.pk}",
        because=f"{row.person.username} wants to be reached by {row.name}",
        at=at,
        crowd=PEOPLE,
        destination=f"@{row.person.username}",
    )


def question(row: Reach) -> str:
    """The words that the person reads there, with the one link that answers."""
    address = f"{settings.BASE_URL}{reverse('incidents:reach_proof', args=[_token(row)])}"
    return (
        f"Opsportal calls you here when something fires and you are on call.\n"
        f"Open this within 24 hours and press the button, so that everybody knows that it reaches you:\n{address}\n"
        f"If you did not ask for this, ignore it: nothing else will come."
    )


def _token(row: Reach) -> str:
    return signing.TimestampSigner(salt=_SALT).sign(f"{row.pk}.{row.nonce}")


def _read(token: str) -> tuple[int, str]:
    try:
        value = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=ANSWER_WITHIN)
    except signing.BadSignature:
        raise Refused("OLD_LINK", "This link is not ours or older than 24 hours. Ask for a new one.") from None
    pk, _, nonce = value.partition(".")
    return int(pk), nonce
