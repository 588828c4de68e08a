"""What is open, owed, firing and held right now, in a fixed number of queries and without models for the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any, TypeVar

from django.db.models import QuerySet, Subquery

from incidents.alerts import queries as alerts
from incidents.alerts.models import Alert
from incidents.obligations import places
from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.obligations.queries import Due
from incidents.obligations.subjects import incident_of
from incidents.ownership import queries as ownership
from incidents.response import queries as response
from incidents.response.listing import COLUMNS, Row
from incidents.response.models import Incident, TimelineEvent
from incidents.response.next_best import Act, Next
from incidents.response.states import Kind, Status
from opsportal.models import User
from opsportal.questions import InAll, OneOf, ask_together, given, planned_once, worded, worded_by_role

R = TypeVar("R")
# The board is a board, not a list: what does not fit has a list of its own. About a hundred rows in all.
_OPEN_SHOWN, _LATE_SHOWN, _FIRING_SHOWN = 70, 20, 6

_PUBLIC = {Obligation.Kind.FIRST_PUBLIC_UPDATE, Obligation.Kind.PUBLIC_UPDATE}
# What stands beside a running clock, and beside a late one.
_CLOCKS = {
    Obligation.Kind.ACKNOWLEDGE: ("until somebody has to take it", "nobody has it yet"),
    Obligation.Kind.FIRST_PUBLIC_UPDATE: ("until the first public update", "first public update late"),
    Obligation.Kind.PUBLIC_UPDATE: ("until next public update", "public update late"),
}


@dataclass(frozen=True, slots=True)
class Last:
    """The newest words of a timeline."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class OpenIncident(Row):
    """An open incident as the board shows it to one person."""

    last: Last | None = None
    is_mine: bool = False
    is_worst: bool = False

    @property
    def who(self) -> str:
        """Who has it, in words."""
        if not self.taken_by:
            return "Nobody has it yet"
        return "You have it" if self.is_mine else f"{self.taken_by} has it"

    @property
    def until(self) -> str:
        """Beside the running clock."""
        return self._words[0]

    @property
    def late(self) -> str:
        """Beside the clock once it is late."""
        return self._words[1]

    @property
    def needs_taking(self) -> bool:
        return self.owed is not None and self.owed.kind == Obligation.Kind.ACKNOWLEDGE

    @property
    def needs_public_word(self) -> bool:
        return self.owed is not None and self.owed.kind in _PUBLIC

    @property
    def _words(self) -> tuple[str, str]:
        if self.owed is None:
            return "", ""
        label = self.owed.label.lower()
        return _CLOCKS.get(Obligation.Kind(self.owed.kind), (f"until: {label}", f"{label} late"))


@dataclass(frozen=True, slots=True)
class Late:
    """One late duty and where it is done: `number` of its incident, 0 when it is about something else."""

    pk: int
    kind: str
    subject: str
    owner: str
    due_at: datetime

    @property
    def number(self) -> int:
        return incident_of(self.subject) or 0

    @property
    def words(self) -> str:
        """What is late, so that the incident's number can follow."""
        label = Obligation.Kind(self.kind).label
        return label if self._is_taking else f"{label} for"

    @property
    def address(self) -> str:
        """Where it is done when it is about no incident; empty where there is no such page."""
        return "" if self.number else places.address_of(self.kind, self.subject)

    @property
    def icon(self) -> str:
        if self.address:
            return "calendar-stats"
        return "user-check" if self._is_taking else "file-text" if self.is_report else "speakerphone"

    @property
    def is_duty(self) -> bool:
        """One that comes again and again: `slug` is its address."""
        return self.kind == Obligation.Kind.DUTY

    @property
    def slug(self) -> str:
        return self.subject.partition(" ")[0]

    @property
    def drill(self) -> int:
        """The number of the drill whose step it is; 0 for anything else."""
        number = self.subject.removeprefix("DRILL-").partition(":")[0]
        return int(number) if self.kind == Obligation.Kind.DRILL_STEP and number.isdecimal() else 0

    @property
    def is_report(self) -> bool:
        return self.kind == Obligation.Kind.POSTMORTEM

    @property
    def may_be_waived(self) -> bool:
        return bool(self.number) and not self._is_taking

    @property
    def _is_taking(self) -> bool:
        return self.kind == Obligation.Kind.ACKNOWLEDGE


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires, and who has it."""

    pk: int
    title: str
    domain: str
    number: int
    taken_by: str | None
    fired_at: datetime


_LATE = ("pk", "kind", "subject", "owner", "due_at")
_FIRING = ("pk", "title", "domain__name", "incident__number", "acknowledged_by__username", "fired_at")


@dataclass(frozen=True, slots=True)
class Seats:
    """Who is on call for a domain."""

    slug: str
    domain: str
    primary: str
    backup: str

    @property
    def has_gap(self) -> bool:
        """A seat that nobody has, or both held by one person."""
        return not self.primary or not self.backup or self.primary == self.backup


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The one thing to do next, and in which incident."""

    number: int
    act: Next


@dataclass(frozen=True)
class Board:
    """The night at a glance. `more` and `late` count what is not shown, too."""

    incidents: list[OpenIncident]
    more: int
    overdue: list[Late]
    late: int
    alerts: list[Firing]
    seats: list[Seats]
    last_resolved_at: datetime | None
    sentence: str
    next: Upcoming | None


def board(at: datetime, person: User) -> Board:
    """Everything of this wing that Now shows to this person."""
    opened, shown = _open(person)
    late_ones, firing_ones, seats = ask_together(
        _overdue(person).asking(at=at), _fires(person).asking(), ownership.seats()
    )
    late, overdue = _counted(late_ones, Late)
    firing, fires = _counted(firing_ones, Firing)
    past = None if opened else response.latest_resolved(person)
    return Board(
        incidents=shown,
        next=_next(overdue, shown, at),
        more=opened - len(shown),
        overdue=overdue,
        late=late,
        alerts=fires,
        seats=[Seats(*one) for one in seats],
        last_resolved_at=past.resolved_at if past else None,
        sentence=_sentence(opened, late, firing),
    )


def _counted(rows: list[tuple[Any, ...]], make: Callable[..., R]) -> tuple[int, list[R]]:
    """How many there are in all, which stands last in each row, and those that are shown."""
    return (rows[0][-1] if rows else 0), [make(*row[:-1]) for row in rows]


@worded_by_role
def _overdue(person: User) -> "QuerySet[Obligation, tuple[Any, ...]]":
    late = Obligation.objects.open().filter(due_at__lt=given("at"))
    seen = late.exclude(subject__in=response.hidden_labels(person))
    return seen.order_by("due_at", "id").values_list(*_LATE, InAll())[:_LATE_SHOWN]


@worded_by_role
def _fires(person: User) -> "QuerySet[Alert, tuple[Any, ...]]":
    firing = Alert.objects.visible_to(person).firing().order_by("-fired_at", "-id")
    return firing.values_list(*_FIRING, InAll())[:_FIRING_SHOWN]


def _next(late: list[Late], shown: list[OpenIncident], at: datetime) -> Upcoming | None:
    """What is most overdue in an open incident; else in any; else, of the open ones, what is due first.

    An alarm that nobody has goes before the report of last week, however late that is.
    """
    due = sorted((one.owed.due_at, one.number, one.owed.kind) for one in shown if one.owed)
    rest = [(one.due_at, one.number, one.kind) for one in late if one.number]
    running = [one for one in due if one[0] <= at]
    first = next(iter(running + rest + due), None)
    return Upcoming(first[1], Next(Act(first[2]), first[0])) if first else None


_TAKEN_BY = COLUMNS.index("acknowledged_by__username")


def _open(person: User) -> tuple[int, list[OpenIncident]]:
    """How many are open, and the worst ones first."""
    opened, found = _counted(_worst(person).ask(most=_OPEN_SHOWN), lambda *row: row)
    urgent, facts = ask_together(
        obligations.urgent(f"INC-{one[0]}" for one in found), _facts().asking(keys=[one[-1] for one in found])
    )
    owed, last = obligations.of_urgent(urgent), _last(facts)
    return opened, [_shown(one, owed, last, person, is_worst=one is found[0]) for one in found]


def _shown(
    values: tuple[Any, ...], owed: dict[str, Due], last: dict[int, Last], person: User, *, is_worst: bool
) -> OpenIncident:
    number, newest, is_mine = values[0], values[-1], values[_TAKEN_BY] == person.username
    return OpenIncident(*(*values[:-1], owed.get(f"INC-{number}"), last.get(newest), is_mine, is_worst))


@worded_by_role
def _worst(person: User) -> "QuerySet[Incident, tuple[Any, ...]]":
    newest = Subquery(response.newest_told())
    return Incident.objects.visible_to(person).open().worst_first().values_list(*COLUMNS, newest, InAll())


def _last(facts: list[tuple[Any, ...]]) -> dict[int, Last]:
    """What the newest facts say; a fact without words of its own says what happened."""
    said = {pk: Last(at, _short(_told(kind, new, body))) for pk, kind, new, at, body in facts if body}
    for pk, line in response.lines(pk for pk, *_ in facts if pk not in said).items():
        said[pk] = Last(line.occurred_at, _short(f"{line.who} {line.before} {line.strong} {line.after}".strip()))
    return said


@worded
def _facts() -> "QuerySet[TimelineEvent, tuple[Any, ...]]":
    facts = TimelineEvent.objects.filter(OneOf("pk", given("keys")))
    return facts.values_list("pk", "kind", "new", "occurred_at", "text__body")


def _told(kind: str, new: str, body: str) -> str:
    """Of corrected words what stands now: the first line says why, which belongs to the room."""
    return body.partition("\n")[2] if kind == Kind.CORRECTION and not new else body


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def version(at: datetime) -> str:
    """Changes whenever the board would read differently: one question for all rooms, since every poll asks it."""
    with planned_once() as cursor:
        cursor.execute(_VERSION, {"at": at})
        return blake2s(repr(cursor.fetchone()).encode(), digest_size=8).hexdigest()


_VERSION = f"""
SELECT (SELECT string_agg(number || ':' || version, '.' ORDER BY number) FROM incidents_incident
        WHERE status <> '{Status.RESOLVED}'),
       ({obligations.VERSION}), ({alerts.VERSION}), ({ownership.VERSION})
"""  # noqa: S608 - our own constants


def _sentence(opened: int, late: int, firing: int) -> str:
    """The night in one line, the good news first when there is nothing else."""
    if not opened and not late:
        return f"No incident is open, {_count(firing, 'alert fires', 'alerts fire')}." if firing else "Nothing is open."
    words = [_count(opened, "incident open", "incidents open")] if opened else ["No incident is open"]
    if late:
        words.append(_count(late, "duty is late", "duties are late"))
    text = ", ".join(words)
    return f"{text[0].upper()}{text[1:]}."


def _count(number: int, one: str, many: str) -> str:
    names = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{names[number] if number < len(names) else number} {one if number == 1 else many}"
