"""What other rooms say of the week. A room that has something to say stands in the table below, and nowhere else."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from checks.daily import queries as daily
from incidents.drills import queries as drills
from incidents.duties import queries as duties
from incidents.paging import week_section as contacts
from incidents.postmortems import queries as postmortems
from incidents.runbooks import queries as runbooks
from incidents.week_sections import Section

# From Monday 00:00 UTC to the next one; in the order in which the review shows them.
ROOMS: tuple[Callable[[datetime, datetime], Section], ...] = (
    postmortems.week_summary,
    daily.week_summary,
    duties.week_summary,
    drills.week_summary,
    contacts.week_summary,
    runbooks.week_summary,
)


def of_week(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """As the review keeps them: a document, so that rooms that come later change no review of before."""
    return [{**asdict(one), "lines": list(one.lines)} for one in (room(start, end) for room in ROOMS)]
