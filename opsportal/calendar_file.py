"""How a calendar is written, by RFC 5545: its frame, lines that end in CRLF and are folded, texts and moments.

>>> text("Search; then\\nsign-in, briefly")
'Search\\\\; then\\\\nsign-in\\\\, briefly'
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

_OCTETS = 75
_CONTROL = dict.fromkeys([*range(32), 127])


def calendar(product: str, name: str, events: Iterable[Iterable[str]]) -> bytes:
    """The file: events by the lines between their ends. Every line ends in CRLF and is folded at 75 octets."""
    return b"".join(_folded(line) for line in _framed(product, name, events))


def host_of(url: str) -> str:
    """What stands behind the @ of an event's UID: the same event of two portals is two."""
    return urlsplit(url).hostname or "localhost"


def _framed(product: str, name: str, events: Iterable[Iterable[str]]) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Opsportal//{product}//EN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{text(name)}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    for lines in events:
        yield "BEGIN:VEVENT"
        yield from lines
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def text(words: str) -> str:
    """Words as a value."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\n", "\\n").translate(_CONTROL)


def moment(at: datetime) -> str:
    """A moment in UTC as a value."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> bytes:
    """A line of more than 75 octets goes on in the next behind a blank; no letter is cut in two."""
    parts, part, room = [], b"", _OCTETS
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > room:
            parts.append(part)
            part, room = b"", _OCTETS - 1
        part += octets
    return b"\r\n ".join([*parts, part]) + b"\r\n"
