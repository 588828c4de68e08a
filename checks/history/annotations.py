"""What happened around a check: changes, incidents and planned work of its domain, as marks of its chart."""

from dataclasses import dataclass, replace
from datetime import datetime
from string import ascii_uppercase

from checks.catalogue import planned
from checks.catalogue.models import Check
from incidents.changes.models import Change
from incidents.changes.queries import changes_between
from incidents.response.models import Incident
from incidents.response.queries import incidents_between
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.maintenance_queries import windows_between
from opsportal.models import User

MOST = 12


@dataclass(frozen=True)
class Annotation:
    """One mark: a letter on the chart, and in the list beside it what it stands for."""

    kind: str
    at: datetime
    title: str
    url: str
    # When it was over; None while it goes on, and for what has no length.
    until: datetime | None = None
    is_long: bool = False
    letter: str = ""


@dataclass(frozen=True)
class Annotations:
    """The newest marks of a stretch, oldest first."""

    shown: list[Annotation]
    is_cut: bool


def around(check: Check, start: datetime, end: datetime, *, person: User) -> Annotations:
    """Four queries at most. Only incidents that this person may see."""
    works = [one.maintenance for one in planned.of(windows_between(start, end)) if one.covers(check)]
    incidents = incidents_between(check.domain, start, end, person=person, most=MOST + 1)
    changes = changes_between(check.domain, start, end, most=MOST + 1)
    found = [*map(_change, changes), *map(_incident, incidents), *map(_work, works)]
    newest = sorted(found, key=lambda one: (one.at, one.url))[-MOST:]
    lettered = [replace(one, letter=letter) for letter, one in zip(ascii_uppercase, newest, strict=False)]
    return Annotations(lettered, is_cut=len(found) > MOST)


def _change(one: Change) -> Annotation:
    return Annotation("Change", one.started_at, f"{one.label} {one.what}", one.get_absolute_url())


def _incident(one: Incident) -> Annotation:
    title = f"{one.label} {one.title}"
    return Annotation("Incident", one.impact_started_at, title, one.get_absolute_url(), one.resolved_at, is_long=True)


def _work(one: Maintenance) -> Annotation:
    window = one.window
    return Annotation(
        "Planned work", window.starts_at, one.title, one.get_absolute_url(), window.closes_at, is_long=True
    )
