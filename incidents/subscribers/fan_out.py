"""One message for everybody whom news concerns, in batches that a lost worker cannot double or lose."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from incidents.statuspage import load
from incidents.subscribers.models import Announcement, Subscriber
from opsportal import background, turns
from opsportal.outbox import copies
from opsportal.outbox.copies import Copy
from opsportal.outbox.models import Delivery

BATCH = 500
# News that follows within this time joins what has not left yet.
BUNDLED_WITHIN = timedelta(minutes=10)
# Whoever hears it a day later is not helped.
TOLD_WITHIN = timedelta(hours=24)
_SECONDS = 20.0
TASK = "incidents.fan_out"


def run(key: str, *, at: datetime) -> None:
    """Bring one announcement to its end, or as far as a task may run. Safe to run twice and from many workers."""
    limit = time.monotonic() + _SECONDS
    while _step(key, at=at):
        if time.monotonic() > limit:
            background.wake(TASK, key=key)
            return


def sweep(*, at: datetime) -> None:
    """Go on with whatever is not told to its end: the promise behind the bell."""
    waiting = Announcement.objects.under_way().order_by("at", "pk").values_list("key", flat=True)
    turns.each(list(waiting), lambda key: run(key, at=at))


@transaction.atomic
def _step(key: str, *, at: datetime) -> bool:
    """One batch; True when there may be another. Whoever finds the row locked leaves it to who holds it."""
    news = Announcement.objects.select_for_update(skip_locked=True).under_way().filter(key=key).first()
    if news is None:
        return False
    people = [] if at - news.at > TOLD_WITHIN else _next(news)
    copies.enqueue(_written(news, people, at=at), event=news.key, because=f"Published: {news.subject}", at=at)
    news.queued += len(people)
    if people:
        news.cursor = people[-1].pk
    if len(people) < BATCH:
        news.done_at = at
    news.save(update_fields=["cursor", "queued", "done_at"])
    return news.done_at is None


def _next(news: Announcement) -> list[Subscriber]:
    everybody = Subscriber.objects.reachable().known_at(news.at).interested_in(news.component_ids)
    return list(everybody.filter(pk__gt=news.cursor).order_by("pk").only("pk", "channel")[:BATCH])


def _written(news: Announcement, people: list[Subscriber], *, at: datetime) -> Iterable[Copy]:
    earlier, before_it = _taken_out(news, people, at=at), load.words().gettext("Just before:")
    for place, one in enumerate(people, start=news.queued):
        before = earlier.get(one.reference, "")
        yield Copy(
            key=f"{news.key}:{one.reference}",
            recipient=one.reference,
            channel=one.channel,
            subject=news.subject,
            body=f"{news.body}\n\n{before_it}\n\n{before}" if before else news.body,
            place=place,
        )


def _taken_out(news: Announcement, people: list[Subscriber], *, at: datetime) -> dict[str, str]:
    """What these people would have read of the same topic a moment ago, by reader; it leaves with the new words."""
    fresh = Announcement.objects.filter(topic=news.topic, at__gt=news.at - BUNDLED_WITHIN, at__lte=news.at)
    keys = list(fresh.filter(pk__lt=news.pk, withdrawn_at=None).values_list("key", flat=True))
    if not keys or not people:
        return {}
    waiting = Delivery.objects.untouched().filter(event__in=keys, recipient__in=[one.reference for one in people])
    rows = list(waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True))
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for key in keys:
        Announcement.objects.filter(key=key).update(joined=F("joined") + sum(row.event == key for row in rows))
    found: dict[str, str] = {}
    for row in reversed(rows):  # newest first
        found[row.recipient] = "\n\n".join(part for part in (found.get(row.recipient, ""), row.body) if part)
    return found
