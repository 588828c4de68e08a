"""Planned work as a calendar, by RFC 5545.

An event keeps its UID, SEQUENCE counts what changed, CANCELLED takes it out again.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from incidents.statuspage import windows
from incidents.statuspage.content import Content, Maintenance
from opsportal.calendar_file import moment, text, written

_REST = {windows.CANCELLED: "CANCELLED"}


def calendar(content: Content, *, component_id: str = "") -> bytes:
    """All announced work, or that on one component. Lines end in CRLF and are folded at 75 octets."""
    chosen = (one for one in content.maintenances if not component_id or component_id in one.component_ids)
    return written(_lines(content, chosen))


def _lines(content: Content, chosen: Iterable[Maintenance]) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Opsportal//Status page//EN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{text(f'{content.name}: planned maintenance')}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    for one in chosen:
        yield from _event(content, one)
    yield "END:VCALENDAR"


def _event(content: Content, one: Maintenance) -> Iterator[str]:
    host = urlsplit(content.url).hostname or "localhost"
    names = [found.full_name for code in one.component_ids if (found := content.component(code))]
    yield "BEGIN:VEVENT"
    yield f"UID:{one.public_id}@{host}"
    yield f"SEQUENCE:{one.sequence}"
    yield f"DTSTAMP:{moment(one.updated_at)}"
    yield f"DTSTART:{moment(one.window.starts_at)}"
    yield f"DTEND:{moment(max(one.window.closes_at, one.window.starts_at))}"
    yield f"SUMMARY:{text(one.name)}"
    yield f"DESCRIPTION:{text(_described(one, names))}"
    yield f"URL:{content.url}/maintenance/{one.public_id}/"
    yield f"STATUS:{_REST.get(one.status, 'CONFIRMED')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _described(one: Maintenance, names: list[str]) -> str:
    return f"{one.text}\n\nComponents: {', '.join(names)}" if names else one.text
