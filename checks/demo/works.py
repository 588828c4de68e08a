"""Planned work of the demo: some that is over, one under way, one ahead, one that waits, one that comes again."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from incidents.models import Component, Domain, Maintenance
from incidents.statuspage import planning
from incidents.statuspage.planning import Plan, Repeat
from opsportal.models import User

_NOTICE = timedelta(days=5)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Work:
    """One window: `begins` counts from now, in hours."""

    title: str
    text: str
    component: str
    begins: float
    hours: float
    ends: str = ""


WORKS = (
    Work("Database minor upgrade", "Sign-in may pause for up to one minute.", "API", -24 * 33, 2),
    Work("Move of the search index", "Search results may be an hour old.", "Dashboard", -24 * 12, 3, ends="early"),
    Work("Renewal of certificates", "Nothing should be noticed.", "API", -24 * 6, 1, ends="cancelled"),
    Work("More room for notifications", "Messages may come up to five minutes late.", "Notifications", -1, 3),
    Work("Database major upgrade", "Changes cannot be saved for about ten minutes.", "API", 24 * 5, 2),
)
WAITING = Work("Test of the second site", "Everything should go on; tell us if not.", "API", 24 * 11, 4)
WEEKLY = Work("Weekly restart of workers", "Reports may come some minutes later.", "Notifications", 0, 0.5)


def plan(by: User, at: datetime) -> None:
    """Through the house's own actions, with the clock set back."""
    whole = at.replace(minute=0, second=0, microsecond=0)
    for work in WORKS:
        begins = whole + work.begins * _HOUR
        told_at = min(begins, at) - _NOTICE
        made = planning.plan(_plan(work, begins), by=by, at=told_at)
        made = planning.announce(made, by=by, at=told_at + _HOUR)
        _end(work, made, by)
    planning.plan(_plan(WAITING, whole + WAITING.begins * _HOUR), by=by, at=at)
    first_on = (at + timedelta(days=2)).date()
    weekly = Repeat("weekly", first_on, time(4, 30), "Europe/Berlin")
    begins = whole + timedelta(days=2)
    first = planning.plan_series(_plan(WEEKLY, begins), weekly, by=by, at=at)
    planning.announce(first, by=by, at=at)


def _plan(work: Work, begins: datetime) -> Plan:
    found = tuple(Component.objects.filter(name=work.component))
    domain = found[0].domain if found else Domain.objects.get(slug="backend")
    return Plan(
        work.title, work.text, "public", domain, found, begins, begins + work.hours * _HOUR, timedelta(hours=24)
    )


def _end(work: Work, made: Maintenance, by: User) -> None:
    if work.ends == "early":
        planning.finish(made, words="", by=by, at=made.starts_at + 2 * _HOUR)
    if work.ends == "cancelled":
        words = "The new certificates are in place without it."
        planning.cancel(made, words=words, by=by, at=made.starts_at - _HOUR)
