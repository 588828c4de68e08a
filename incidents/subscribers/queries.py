"""Whom news reaches, how it went, who is there. Numbers of people below five are for admins only."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, QuerySet

from incidents.subscribers import addresses
from incidents.subscribers.models import CHANNELS, Announcement, Subscriber
from opsportal.outbox.models import Channel, Delivery
from opsportal.privacy.small import few

State = Subscriber.State
SHOWN = 25


@dataclass(frozen=True)
class Audience:
    """How many of all subscribers hear news about some components, in words fit for any screen."""

    reached: str
    everybody: str


@dataclass(frozen=True)
class Line:
    """One channel of a report."""

    channel: str
    sent: str
    waiting: str
    failed: str

    @property
    def has_failed(self) -> bool:
        return self.failed != "0"


@dataclass(frozen=True)
class Report:
    """How one piece of news travels."""

    announcement: Announcement
    lines: list[Line]
    is_under_way: bool
    joined: str
    dropped: str


@dataclass(frozen=True)
class Sum:
    """One channel on the staff screen."""

    channel: str
    label: str
    active: str
    waiting: str
    suspended: str
    ended: str

    @property
    def is_set(self) -> bool:
        """Mail needs a mail server; the others stand for themselves."""
        return self.channel != Channel.EMAIL or bool(settings.EMAIL_CONFIGURED)


@dataclass(frozen=True)
class Person:
    """One subscriber as an admin sees them."""

    row: Subscriber
    address: str
    follows: str


def audience(component_ids: Iterable[str]) -> Audience:
    """Who would hear it now."""
    everybody = Subscriber.objects.reachable()
    return Audience(few(everybody.interested_in(list(component_ids)).count()), few(everybody.count()))


def report(key: str, *, exact: bool = False) -> Report | None:
    """Sent, waiting and failed by channel; None when nobody was to be told."""
    announcement = Announcement.objects.filter(key=key).first()
    return _reports([announcement], exact=exact)[0] if announcement else None


def newest_reports(limit: int, *, exact: bool = False) -> list[Report]:
    """The last few, newest first. Two queries."""
    return _reports(list(Announcement.objects.order_by("-at", "-pk")[:limit]), exact=exact)


def _reports(announcements: list[Announcement], *, exact: bool) -> list[Report]:
    rows = Delivery.objects.filter(event__in=[one.key for one in announcements]).exclude(recipient="")
    counts = {
        (row["event"], row["channel"], row["state"]): row["n"]
        for row in rows.values("event", "channel", "state").annotate(n=Count("pk")).order_by()
    }
    show = str if exact else few
    found = []
    for one in announcements:
        lines = [
            Line(str(label), *(show(counts.get((one.key, channel, state), 0)) for state in ("sent", "waiting", "dead")))
            for channel, label in CHANNELS
            if any(counts.get((one.key, channel, state)) for state in Delivery.State.values)
        ]
        under_way = one.done_at is None and one.withdrawn_at is None
        found.append(Report(one, lines, under_way, show(one.joined), show(one.dropped)))
    return found


def sums(*, exact: bool) -> list[Sum]:
    """How many there are by channel and state. One query."""
    rows = Subscriber.objects.values("channel", "state").annotate(n=Count("pk")).order_by()
    counts = {(row["channel"], row["state"]): row["n"] for row in rows}
    show = str if exact else few
    return [
        Sum(
            channel,
            str(label),
            *(
                show(counts.get((channel, state), 0))
                for state in (State.ACTIVE, State.WAITING, State.SUSPENDED, State.ENDED)
            ),
        )
        for channel, label in CHANNELS
    ]


def chosen(*, channel: str, state: str, address: str, before: int | None) -> QuerySet[Subscriber]:
    """The admins' list, newest first; an address is found whole or not at all."""
    rows = Subscriber.objects.order_by("-pk").prefetch_related("components")
    if channel:
        rows = rows.filter(channel=channel)
    if state:
        rows = rows.filter(state=state)
    if address:
        rows = rows.filter(address_hash__in=[addresses.hashed(one, address) for one, _ in CHANNELS])
    return rows.filter(pk__lt=before) if before else rows


def people(rows: Iterable[Subscriber]) -> list[Person]:
    """With their addresses open; for admins only."""
    return [Person(row, row.address.open(), follows(row)) for row in rows]


def follows(row: Subscriber) -> str:
    """What somebody chose, in words."""
    return "Everything" if row.is_all else ", ".join(sorted(one.name for one in row.components.all())) or "Nothing"


def blocked() -> frozenset[str]:
    """Hashes of addresses that staff must not add again."""
    return frozenset(Subscriber.objects.filter(state=State.ENDED).values_list("address_hash", flat=True))
