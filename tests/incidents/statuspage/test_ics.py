"""The calendar, read by a strict reader of our own: lines, folding, escapes, and what a calendar program needs."""

import re
from datetime import timedelta

from incidents.statuspage import ics
from tests.incidents.statuspage.conftest import NOW, a_maintenance, a_page, ago

_LINE = re.compile(r"([A-Z][A-Z0-9-]*)((?:;[A-Z-]+=[^;:]+)*):(.*)", re.S)
_ONE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "SEQUENCE", "STATUS", "URL", "TRANSP"}


def events(calendar: bytes) -> list[dict[str, str]]:
    """Refuses what RFC 5545 does not allow: bare line ends, long lines, broken letters, stray names, open blocks."""
    assert calendar.endswith(b"\r\n")
    physical = calendar[:-2].split(b"\r\n")
    assert all(len(line) <= 75 and b"\r" not in line and b"\n" not in line for line in physical)
    [line.decode() for line in physical]
    lines = calendar[:-2].replace(b"\r\n ", b"").decode().split("\r\n")
    parsed = [match.group(1, 3) for line in lines if (match := _LINE.fullmatch(line))]
    assert len(parsed) == len(lines)
    assert parsed[:2] == [("BEGIN", "VCALENDAR"), ("VERSION", "2.0")] and parsed[-1] == ("END", "VCALENDAR")
    found: list[dict[str, str]] = []
    open_event: dict[str, str] | None = None
    for name, value in parsed[1:-1]:
        if name == "BEGIN":
            assert value == "VEVENT" and open_event is None
            open_event = {}
        elif name == "END":
            assert open_event is not None and set(open_event) == _ONE
            found.append(open_event)
            open_event = None
        elif open_event is not None:
            assert name not in open_event
            open_event[name] = _unescaped(value) if name in ("SUMMARY", "DESCRIPTION") else value
    assert open_event is None
    return found


def _unescaped(text: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", text)
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], text)


def test_an_event_says_when_what_and_where():
    page = a_page(maintenances=(a_maintenance(1, starts=2, ends=4),))

    [event] = events(ics.calendar(page))

    assert event["UID"] == "maintenanc01@ops.example"
    assert (event["DTSTART"], event["DTEND"]) == ("20261121T051230Z", "20261121T071230Z")
    assert event["DTSTAMP"] == "20261114T031230Z"
    assert event["SUMMARY"] == "Database upgrade 1"
    assert event["DESCRIPTION"] == "The database moves.\n\nComponents: Component 1"
    assert event["URL"] == "https://ops.example/status/maintenance/maintenanc01/"
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", "0")


def test_what_is_cancelled_stays_and_says_so():
    page = a_page(maintenances=(a_maintenance(1, starts=2, ends=4, cancelled_at=ago(hours=1)),))

    [event] = events(ics.calendar(page))

    assert event["STATUS"] == "CANCELLED"


def test_what_ended_early_ends_early_in_the_calendar():
    page = a_page(maintenances=(a_maintenance(1, starts=-2, ends=4, ended_at=ago(hours=1)),))

    [event] = events(ics.calendar(page))

    assert event["DTEND"] == "20261121T021230Z"


def test_hostile_and_long_words_come_back_whole():
    words = "Fünf; sechs, \\n sieben\nacht " + "ä" * 200 + "\x00\x07END:VEVENT"
    one = a_maintenance(1)
    page = a_page(maintenances=(one.__class__(**(vars(one) | {"name": words})),))

    [event] = events(ics.calendar(page))

    assert event["SUMMARY"] == words.replace("\x00\x07", "")


def test_a_component_has_the_work_on_it_alone():
    page = a_page(maintenances=(a_maintenance(1, components=1), a_maintenance(2, components=2)))

    assert len(events(ics.calendar(page, component_id="component001"))) == 2
    assert [one["UID"][:12] for one in events(ics.calendar(page, component_id="component002"))] == ["maintenanc02"]


def test_no_work_is_a_calendar_all_the_same():
    assert events(ics.calendar(a_page())) == []


def test_time_that_passes_changes_no_byte_until_something_happens():
    first, later = (
        ics.calendar(a_page(maintenances=(a_maintenance(1, starts=2, ends=4, at=NOW + timedelta(minutes=n)),)))
        for n in (0, 90)
    )

    assert first == later
