"""How a calendar is written, by RFC 5545: lines that end in CRLF and are folded, texts and moments as they must stand.

>>> text("Search; then\\nsign-in, briefly")
'Search\\\\; then\\\\nsign-in\\\\, briefly'
"""

from collections.abc import Iterable
from datetime import UTC, datetime

_OCTETS = 75
_CONTROL = dict.fromkeys([*range(32), 127])


def written(lines: Iterable[str]) -> bytes:
    """The file: every line ends in CRLF and is folded at 75 octets."""
    return b"".join(_folded(line) for line in lines)


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
