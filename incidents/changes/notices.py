"""A change is announced in the ops channel, with the links of its tickets, through the outbox."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from incidents.changes.models import Change
from incidents.changes.release import ChangeNotice
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import Delivery, User
from opsportal.outbox import actions as outbox
from opsportal.privacy import guard

_TICKETS = 5


@transaction.atomic
def announce(change: Change, *, words: str, tickets: str, by: User | None, at: datetime) -> ChangeNotice:
    """Tell the ops channel where the change stands; one message for each time it is said. The words are guarded."""
    change = Change.objects.select_for_update(of=("self",)).select_related("domain").get(pk=change.pk)
    guard.require_clean(words)
    told = ChangeNotice.objects.create(
        change=change, result=change.result, words=words.strip(), tickets="\n".join(_links(tickets)), at=at, by=by
    )
    who = by.username if by else "shell"
    outbox.tell_operators(
        key=f"change:{change.pk}:notice:{told.pk}",
        subject=f"{change.label} {change.get_result_display().lower()}: {change.what}",
        body=_body(change, told),
        at=at,
        because=f"{who} announced {change.label}",
        priority=Delivery.Priority.WRITTEN,
    )
    audit.record("change.announce", by=who, object=change.label)
    return told


def of(change: Change) -> list[ChangeNotice]:
    """What the channel was told, newest first."""
    return list(change.notices.select_related("by").order_by("-id"))


def _links(text: str) -> list[str]:
    guard.require_clean(text)
    found = list(dict.fromkeys(text.split()))
    if len(found) > _TICKETS or any(not one.startswith("https://") or len(one) > 300 for one in found):
        raise Refused("TICKET_WRONG", f"Up to {_TICKETS} links that begin with https://, one a line.")
    return found


def _body(change: Change, told: ChangeNotice) -> str:
    version = f" {change.artifact}" if change.artifact else ""
    lines = [f"{change.get_kind_display()}{version}, {change.where}.", told.words, *told.tickets.splitlines()]
    return "\n".join([*(line for line in lines if line), f"{settings.BASE_URL}{change.get_absolute_url()}"])
