"""Planned work as news: what subscribers and the team hear of it. Nothing of internal work leaves the house."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from incidents.statuspage import announced, load, news, windows
from incidents.statuspage.maintenance import Maintenance, MaintenanceUpdate
from opsportal.errors import Refused
from opsportal.outbox.actions import tell_operators

log = structlog.get_logger("incidents.statuspage")

# A beginning or an end that workers noticed later than this is no news any more; the page has had it all the time.
NOTICED_WITHIN = timedelta(hours=1)


def tell_words(one: Maintenance, said: MaintenanceUpdate) -> None:
    """What a person said of it. Inside the transaction that said it."""
    tell(one, _key(said.public_id), said.status, said.body, at=said.published_at)


def tell(one: Maintenance, key: str, status: str, words: str, *, at: datetime) -> None:
    """Subscribers of its components hear it. Inside the caller's transaction; the same key again is the same news."""
    if one.announced_at is None:
        return
    own = load.words()
    news.tell(
        news.News(
            key=key,
            topic=f"maintenance:{one.public_id}",
            title=one.title,
            word=own.gettext(windows.WORDS[status]),
            text=f"{words}\n\n{windows.in_words(one.starts_at, one.window.closes_at, own)}",
            path=f"/status/maintenance/{one.public_id}/",
            component_ids=tuple(one.components.order_by("pk").values_list("public_id", flat=True)),
            at=at,
        )
    )


@transaction.atomic
def remind(pk: int, at: datetime) -> None:
    """Once for each beginning; not when it was planned inside its own notice."""
    one = Maintenance.objects.in_force().select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if one is None or one.reminded_at is not None or one.remind_before is None:
        return
    due_at = one.starts_at - one.remind_before
    if not due_at <= at < one.starts_at:
        return
    one.reminded_at = at
    one.save(update_fields=["reminded_at"])
    if one.created_at >= due_at:
        return
    key = f"maintenance:{one.public_id}:{int(one.starts_at.timestamp())}:soon"
    tell(one, key, windows.SCHEDULED, load.words().gettext("A reminder: {}").format(one.text), at=at)
    tell_operators(
        key=key,
        subject=f"Planned work begins {one.starts_at:%H:%M} UTC on {one.starts_at.day} {one.starts_at:%b}: {one.title}",
        body=f"{windows.in_words(one.starts_at, one.ends_at)}.\n{settings.BASE_URL}{one.get_absolute_url()}",
        at=at,
        because="a reminder of planned work",
    )


def tell_moments(at: datetime) -> None:
    """A window that began or ended by itself is said to subscribers as the page says it. Safe to run twice."""
    since = at - NOTICED_WITHIN
    near = Maintenance.objects.public().filter(cancelled_at=None, starts_at__lte=at, ends_at__gt=since)
    for pk in near.order_by("starts_at", "pk").values_list("pk", flat=True):
        try:
            _tell_moments_of(pk, since, at)
        except Refused as refusal:  # words that a newer rule of the guard stops hold up no other window
            log.warning("a beginning or end is not told to subscribers", maintenance=pk, reason=refusal.code)


@transaction.atomic
def _tell_moments_of(pk: int, since: datetime, at: datetime) -> None:
    """Under its lock: who ends it early or cancels it at this very moment speaks instead."""
    one = Maintenance.objects.public().select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if one is None:
        return
    for said in announced.by_itself(one.public_id, one.window, at):
        if said.published_at > since:
            tell(one, _key(said.public_id), said.status, load.words().gettext(said.body), at=said.published_at)


def _key(public_id: str) -> str:
    return f"maintenance_update:{public_id}"
