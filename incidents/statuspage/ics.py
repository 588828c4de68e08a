"""Planned work as a calendar, by RFC 5545.

An event keeps its UID, SEQUENCE counts what changed, CANCELLED takes it out again.
"""

from collections.abc import Iterator

from incidents.statuspage import windows
from incidents.statuspage.content import Content, Maintenance
from opsportal import calendar_file
from opsportal.calendar_file import host_of, moment, text

_REST = {windows.CANCELLED: "CANCELLED"}


def calendar(content: Content, *, component_id: str = "") -> bytes:
    """All announced work, or that on one component. Lines end in CRLF and are folded at 75 octets."""
    chosen = (one for one in content.maintenances if not component_id or component_id in one.component_ids)
    return calendar_file.calendar(
        "Status page", f"{content.name}: planned maintenance", (_event(content, one) for one in chosen)
    )


def _event(content: Content, one: Maintenance) -> Iterator[str]:
    names = [found.full_name for code in one.component_ids if (found := content.component(code))]
    yield f"UID:{one.public_id}@{host_of(content.url)}"
    yield f"SEQUENCE:{one.sequence}"
    yield f"DTSTAMP:{moment(one.updated_at)}"
    yield f"DTSTART:{moment(one.window.starts_at)}"
    yield f"DTEND:{moment(max(one.window.closes_at, one.window.starts_at))}"
    yield f"SUMMARY:{text(one.name)}"
    yield f"DESCRIPTION:{text(_described(one, names))}"
    yield f"URL:{content.url}/maintenance/{one.public_id}/"
    yield f"STATUS:{_REST.get(one.status, 'CONFIRMED')}"
    yield "TRANSP:TRANSPARENT"


def _described(one: Maintenance, names: list[str]) -> str:
    return f"{one.text}\n\nComponents: {', '.join(names)}" if names else one.text
