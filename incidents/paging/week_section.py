"""Contacts in the weekly review: what nobody holds, when nobody was on call, and whose reach was not proved of late."""

from datetime import datetime

from django.urls import reverse

from incidents.oncall import handles, week_section
from incidents.oncall import queries as oncall
from incidents.oncall.queries import Desk
from incidents.paging import queries
from incidents.paging.models import GOOD_FOR
from incidents.week_sections import Section


def week_summary(start: datetime, end: datetime) -> Section:
    """The lines of on-call, then the handles that led to somebody unproved at the week's end: by handle, not by name.

    What was proved between the week's end and the compiling counts as proved.
    """
    desk = oncall.desk(end)
    lines = [*week_section.lines(desk, start, end), *_unproved(desk, end)]
    quiet = "Every handle leads to somebody with a verified contact method"
    return Section("Contacts", tuple(lines), reverse("incidents:oncall_handles"), quiet)


def _unproved(desk: Desk, end: datetime) -> list[str]:
    led = {one.handle: one.who.person for one in handles.listed(desk) if one.who.person is not None}
    standing = queries.standing_of(list(led.values()), end)
    weak = [handle for handle, person in led.items() if not standing[person.pk].is_fresh]
    return week_section.named(f"to somebody with no contact method verified in {GOOD_FOR.days} days", weak)
