"""Final shifts as a calendar: an event keeps its UID, and a gap is an event too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from opsportal import calendar_file
from opsportal.calendar_file import host_of, moment, text


@dataclass(frozen=True, slots=True)
class Event:
    """One shift: of which rota, who has it (empty for a gap), and whether somebody stands in."""

    slug: str
    rota: str
    name: str
    starts_at: datetime
    ends_at: datetime
    stands_in: bool = False

    @property
    def summary(self) -> str:
        return f"{self.name or 'Nobody'}: {self.rota}"


def calendar(name: str, events: Iterable[Event], *, url: str) -> bytes:
    """All of them; the same events are the same bytes, so a reader that has them is told so."""
    return calendar_file.calendar("On call", name, (_lines(one, host_of(url), url) for one in events))


def _lines(one: Event, host: str, url: str) -> Iterator[str]:
    yield f"UID:{one.slug}-{int(one.starts_at.timestamp())}@{host}"
    yield f"DTSTAMP:{moment(one.starts_at)}"
    yield f"DTSTART:{moment(one.starts_at)}"
    yield f"DTEND:{moment(one.ends_at)}"
    yield f"SUMMARY:{text(one.summary)}"
    yield f"DESCRIPTION:{text('Stands in.' if one.stands_in else 'By the schedule of the rota.')}"
    yield f"URL:{url}"
