"""Calendars for programs that cannot sign in: a secret address each, that its owner makes anew or ends."""

import hashlib
import secrets
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from incidents.oncall import queries
from incidents.oncall.ics import Event, calendar
from incidents.oncall.models import CalendarFeed
from incidents.oncall.shifts import By, Shift, final
from incidents.oncall.who import Rota
from opsportal.audit import actions as audit
from opsportal.models import User

_BEFORE, _AFTER = timedelta(days=14), timedelta(days=60)


@transaction.atomic
def make(person: User, *, is_team: bool, at: datetime) -> str:
    """A new secret word for the person's own calendar or the team's; the one before ends. Shown once."""
    User.objects.select_for_update().get(pk=person.pk)
    _open(person, is_team=is_team).update(revoked_at=at)
    word = secrets.token_urlsafe(32)
    CalendarFeed.objects.create(person=person, is_team=is_team, token_hash=_digest(word), created_at=at)
    audit.record("calendar.make", by=person.username, object=_named(is_team))
    return word


@transaction.atomic
def revoke(person: User, *, is_team: bool, at: datetime) -> bool:
    """End the address; False when there was none. Safe to run twice."""
    ended = bool(_open(person, is_team=is_team).update(revoked_at=at))
    if ended:
        audit.record("calendar.revoke", by=person.username, object=_named(is_team))
    return ended


def end_all(at: datetime) -> int:
    """End everybody's addresses, after a leak; how many. Who wants one makes a new one."""
    return CalendarFeed.objects.filter(revoked_at=None).update(revoked_at=at)


def open_feeds(person: User) -> dict[bool, CalendarFeed]:
    """The person's living addresses, by whether they are of the team."""
    return {one.is_team: one for one in CalendarFeed.objects.filter(person=person, revoked_at=None).order_by("pk")}


def read(word: str, at: datetime) -> bytes | None:
    """The calendar behind a secret word; None when it is unknown, ended, or its owner may not sign in any more."""
    feeds = CalendarFeed.objects.select_related("person").filter(revoked_at=None, person__is_active=True)
    feed = feeds.filter(token_hash=_digest(word)).first()
    if feed is None:
        return None
    name = "On call: everybody" if feed.is_team else f"On call: {feed.person}"
    url = f"{settings.BASE_URL}{reverse('incidents:oncall')}"
    return calendar(name, _events(None if feed.is_team else feed.person, at), url=url)


def _events(person: User | None, at: datetime) -> list[Event]:
    """Whole days around today, so that the same calendar is the same bytes all day long."""
    today = datetime.combine(at.date(), time(0), at.tzinfo)
    since, until = today - _BEFORE, today + _AFTER
    people = queries.active_people()
    found: list[Event] = []
    for rota in queries.rotas_between(since, until, people).values():
        shifts = final(rota.plans, rota.covers, since, until)
        found += [_event(rota, one, people) for one in shifts if person is None or one.person == person.pk]
    return sorted(found, key=lambda one: (one.starts_at, one.slug))


def _event(rota: Rota, shift: Shift, people: dict[int, User]) -> Event:
    name = people[shift.person].username if shift.person else ""
    stands_in = shift.by is By.OVERRIDE and shift.person is not None
    return Event(rota.slug, rota.name, name, shift.starts_at, shift.ends_at, stands_in)


def _open(person: User, *, is_team: bool) -> QuerySet[CalendarFeed]:
    return CalendarFeed.objects.filter(person=person, is_team=is_team, revoked_at=None)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _named(is_team: bool) -> str:
    return "team calendar" if is_team else "own calendar"
