"""Final shifts as a calendar: an event keeps its UID, and a gap is an event too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from opsportal.calendar_file import moment, text, written


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


def calendar(name: str, events: Iterable[Event], *, host: str, url: str) -> bytes:
    """All of them; the same events are the same bytes, so a reader that has them is told so."""
    return written(_lines(name, events, host, url))


def _lines(name: str, events: Iterable[Event], host: str, url: str) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Opsportal//On call//EN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{text(name)}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    for one in events:
        yield "BEGIN:VEVENT"
        yield f"UID:{one.slug}-{int(one.starts_at.timestamp())}@{host}"
        yield f"DTSTAMP:{moment(one.starts_at)}"
        yield f"DTSTART:{moment(one.starts_at)}"
        yield f"DTEND:{moment(one.ends_at)}"
        yield f"SUMMARY:{text(one.summary)}"
        yield f"DESCRIPTION:{text('Stands in.' if one.stands_in else 'By the turns of the rota.')}"
        yield f"URL:{url}"
        yield "END:VEVENT"
    yield "END:VCALENDAR"
