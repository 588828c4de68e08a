"""The past by months: a page for each, with the ones before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from incidents.statuspage import pages, planned_work
from incidents.statuspage.content import Content
from incidents.statuspage.pages import Card
from incidents.statuspage.planned_work import Work

# Three years have pages of their own; what is older keeps its permalink. The first page of the history shows these.
MONTHS = 36
RECENT = 3


@dataclass(frozen=True)
class Event:
    """One line of a month: an incident or a maintenance, where it began."""

    began_at: datetime
    card: Card | None = None
    work: Work | None = None


@dataclass(frozen=True)
class Month:
    """A month with what began in it, newest first."""

    on: date
    events: tuple[Event, ...]
    earlier: date | None = None
    later: date | None = None

    @property
    def address(self) -> str:
        return address(self.on)


def address(on: date) -> str:
    """
    >>> address(date(2026, 11, 1))
    '/status/history/2026-11/'
    """
    return f"/status/history/{on:%Y-%m}/"


def months(content: Content, *, at: datetime) -> tuple[Month, ...]:
    """Every month from the first event to now, newest first, quiet ones as well."""
    events = _events(content, at)
    if not events:
        return ()
    all_of = _from_to(_month(events[-1].began_at), _month(at))[:MONTHS]
    return tuple(
        Month(
            on,
            tuple(one for one in events if _month(one.began_at) == on),
            earlier=all_of[place + 1] if place + 1 < len(all_of) else None,
            later=all_of[place - 1] if place else None,
        )
        for place, on in enumerate(all_of)
    )


def _events(content: Content, at: datetime) -> list[Event]:
    """Incidents, and work whose time has come, newest first."""
    found = [Event(one.published_at, card=pages.card(content, one, limit=1, at=at)) for one in content.incidents]
    found += [
        Event(one.window.starts_at, work=planned_work.work(content, one))
        for one in content.maintenances
        if not one.is_upcoming
    ]
    return sorted(found, key=lambda one: one.began_at, reverse=True)


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def _from_to(first: date, last: date) -> list[date]:
    """Newest first."""
    found = [last]
    while found[-1] > first:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
