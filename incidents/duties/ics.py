"""What is owed in the next weeks as a calendar: an event keeps its UID."""

from collections.abc import Iterator, Sequence

from django.conf import settings

from incidents.duties.queries import Moment
from opsportal import calendar_file
from opsportal.calendar_file import host_of, moment, text


def calendar(ahead: Sequence[Moment]) -> bytes:
    """All of them, each at the moment by which it is owed."""
    return calendar_file.calendar("Duties", "Duties", (_lines(one) for one in ahead))


def _lines(one: Moment) -> Iterator[str]:
    yield f"UID:{one.duty.slug}-{int(one.due_at.timestamp())}@{host_of(settings.BASE_URL)}"
    yield f"DTSTAMP:{moment(one.due_at)}"
    yield f"DTSTART:{moment(one.due_at)}"
    yield f"SUMMARY:{text(f'{one.duty.title} ({one.duty.owner})')}"
    yield f"URL:{settings.BASE_URL}{one.duty.get_absolute_url()}"
