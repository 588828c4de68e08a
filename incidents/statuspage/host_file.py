"""The file in which an operator on the host writes a public word: read, and refused by line and column."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.statuspage import rollup
from incidents.statuspage.content import Content, Incident
from incidents.statuspage.host_post import STATUSES, HostPost
from incidents.statuspage.ids import stable_id
from opsportal.errors import Refused
from opsportal.privacy import guard

_KEYS = ("status", "title", "incident", "next update", "components", "notify")
_FENCE = "---"
_LONGEST_TITLE, _LONGEST_BODY = 160, 5_000
_FURTHEST = timedelta(days=7)
_MINUTES = re.compile(r"(\d{1,4}) ?min(?:utes)?")


@dataclass(frozen=True)
class _Typed:
    """A value of the front matter and where it stands, both counted from 1."""

    value: str
    line: int
    column: int

    def refuse(self, code: str, sentence: str) -> Refused:
        return Refused(code, f"Line {self.line}, column {self.column}: {sentence}")


def read(text: str, *, content: Content, at: datetime, by: str) -> HostPost:
    """The post that a file holds, checked against the page as readers see it.

    Refused names line and column: front matter that is none, words that the privacy guard stops, a component or an
    incident that is not on the page.
    """
    front, components, body, first_line = _parts(text.replace("\r\n", "\n").removeprefix("\ufeff"))
    status = _status(front)
    _require_public(body, first_line, 1)
    incident = _named(front, content)
    title = incident.name if incident else _title(front)
    key = hashlib.sha256(text.strip().encode()).hexdigest()
    return HostPost(
        public_id=stable_id(content.page_id, "host update", key),
        incident_id=incident.public_id if incident else stable_id(content.page_id, "host incident", key),
        is_new=incident is None,
        title=title,
        status=status,
        body=body,
        next_update_at=None if status == "resolved" else _due(front, at),
        components=tuple(_component(name, content) for name in components),
        notify=_notify(front),
        posted_at=at,
        posted_by=by,
    )


def _parts(text: str) -> tuple[dict[str, _Typed], list[tuple[_Typed, _Typed]], str, int]:
    """Front matter, component lines, body, and the line on which the body begins."""
    lines = text.split("\n")
    if lines[0].strip() != _FENCE:
        raise Refused("FRONT_MATTER", "Line 1, column 1: begin with a line of three hyphens, then status and the rest.")
    end = next((number for number, line in enumerate(lines) if number and line.strip() == _FENCE), None)
    if end is None:
        raise Refused("FRONT_MATTER", f"Line {len(lines)}, column 1: a line of three hyphens ends the front matter.")
    front: dict[str, _Typed] = {}
    components: list[tuple[_Typed, _Typed]] = []
    for number, line in enumerate(lines[1:end], 2):
        if not line.strip():
            continue
        key, value = _pair(line, number)
        if line[0] in " \t" and "components" in front:
            components.append((key, value))
        elif key.value.lower() not in _KEYS:
            raise key.refuse("FRONT_MATTER", f"{', '.join(_KEYS)} are known here, nothing else.")
        else:
            front[key.value.lower()] = value
    first = next((number for number in range(end + 1, len(lines)) if lines[number].strip()), None)
    if first is None:
        raise Refused("TEXT_MISSING", f"Line {end + 2}, column 1: write what readers need to know.")
    body = "\n".join(lines[first:]).strip()
    if len(body) > _LONGEST_BODY:
        raise Refused("TEXT_TOO_LONG", f"Line {first + 1}, column 1: shorten the text to {_LONGEST_BODY} characters.")
    return front, components, _without_control(body), first + 1


def _pair(line: str, number: int) -> tuple[_Typed, _Typed]:
    key, colon, value = line.rpartition(":") if line[0] in " \t" else line.partition(":")
    start = len(line) - len(line.lstrip()) + 1
    if not colon or not key.strip():
        raise Refused("FRONT_MATTER", f"Line {number}, column {start}: write a name, a colon and a value.")
    column = len(key) + 2 + len(value) - len(value.lstrip())
    return _Typed(key.strip(), number, start), _Typed(value.strip(), number, column)


def _without_control(text: str) -> str:
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")


def _status(front: dict[str, _Typed]) -> str:
    given = front.get("status", _Typed("", 1, 1))
    if given.value.lower() not in STATUSES:
        raise given.refuse("STATUS_UNKNOWN", f"give a status: {', '.join(STATUSES)}.")
    return given.value.lower()


def _named(front: dict[str, _Typed], content: Content) -> Incident | None:
    """The incident that is continued, by the id at the end of its address or by the address itself."""
    given = front.get("incident")
    if given is None:
        return None
    code = given.value.rstrip("/").rpartition("/")[2]
    found = next((one for one in content.incidents if one.public_id == code), None)
    if found is None:
        is_open = ", ".join(f"{one.public_id} ({one.name})" for one in content.open_incidents) or "none"
        raise given.refuse("UNKNOWN_INCIDENT", f"there is no such incident on the page. Open ones: {is_open}.")
    return found


def _title(front: dict[str, _Typed]) -> str:
    given = front.get("title", _Typed("", 1, 1))
    if not given.value:
        raise given.refuse("TITLE_MISSING", "give a title, or name an incident of the page.")
    if len(given.value) > _LONGEST_TITLE:
        raise given.refuse("TEXT_TOO_LONG", f"shorten the title to {_LONGEST_TITLE} characters.")
    _require_public(given.value, given.line, given.column)
    return _without_control(given.value)


def _component(typed: tuple[_Typed, _Typed], content: Content) -> tuple[str, str]:
    name, status = typed
    wanted = name.value.casefold()
    found = [
        one for one in content.components if wanted in (one.public_id, one.name.casefold(), one.full_name.casefold())
    ]
    if not found:
        known = ", ".join(one.full_name for one in content.components) or "none"
        raise name.refuse("UNKNOWN_COMPONENT", f"the page has no such component. Known ones: {known}.")
    if status.value.lower() not in rollup.BEST_TO_WORST:
        raise status.refuse("STATUS_UNKNOWN", f"a component is {', '.join(rollup.BEST_TO_WORST)}.")
    return found[0].public_id, status.value.lower()


def _due(front: dict[str, _Typed], at: datetime) -> datetime:
    """A moment (UTC unless it says), or minutes from now.

    >>> _due({"next update": _Typed("30 min", 1, 1)}, datetime(2026, 11, 21, 3, tzinfo=UTC)).isoformat()
    '2026-11-21T03:30:00+00:00'
    """
    given = front.get("next update", _Typed("", 1, 1))
    if not given.value:
        raise given.refuse("NEXT_UPDATE_MISSING", "say by when readers hear next, as next update: 30 min.")
    if minutes := _MINUTES.fullmatch(given.value):
        due = (at + timedelta(minutes=int(minutes[1]))).replace(second=0, microsecond=0)
    else:
        try:
            due = datetime.fromisoformat(given.value)
        except ValueError:
            raise given.refuse("BAD_TIME", "write a time as 2026-11-21T04:00 (UTC), or as 30 min.") from None
        due = due if due.tzinfo else due.replace(tzinfo=UTC)
    if not at < due <= at + _FURTHEST:
        raise given.refuse("NEXT_UPDATE_PAST", "that time has passed, or lies more than seven days ahead.")
    return due


def _notify(front: dict[str, _Typed]) -> bool:
    given = front.get("notify", _Typed("yes", 1, 1))
    if given.value.lower() not in ("yes", "no"):
        raise given.refuse("FRONT_MATTER", "notify is yes or no.")
    return given.value.lower() == "yes"


def _require_public(text: str, line: int, column: int) -> None:
    """What readers outside may not get, by its place in the file; never the value."""
    verdict = guard.judge(text, is_public=True)
    if verdict.word != "block":
        return
    if not verdict.findings:
        raise Refused("PRIVACY_UNREAD", guard.UNREAD)
    places = "; ".join(
        f"{one.kind} in line {one.line + line - 1}, column {one.column + (column - 1 if one.line == 1 else 0)}"
        for one in verdict.findings[:5]
    )
    raise Refused("PRIVACY_BLOCKED", f"Nothing is published: {places}. Take it out and run the command again.")
