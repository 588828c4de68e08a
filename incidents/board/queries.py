"""What is open, owed, firing and held right now, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime

from incidents.alerts import queries as alerts
from incidents.alerts.models import Alert
from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.ownership import queries as ownership
from incidents.ownership.models import Domain
from incidents.response import queries as response
from incidents.response.lines import Line
from incidents.response.models import Incident

# The board is a board, not a list: what does not fit has a list of its own.
_OPEN_SHOWN = 20


@dataclass(frozen=True)
class OpenIncident:
    """An open incident as the board shows it: its last row and the most urgent thing owed."""

    incident: Incident
    last: Line | None
    owed: Obligation | None


@dataclass(frozen=True)
class Late:
    """One late duty and where it is done."""

    obligation: Obligation
    number: int


@dataclass(frozen=True)
class Board:
    """The night at a glance."""

    incidents: list[OpenIncident]
    overdue: list[Late]
    alerts: list[Alert]
    domains: list[Domain]
    last_resolved_at: datetime | None
    sentence: str


def board(at: datetime) -> Board:
    """Everything of this wing that Now shows."""
    shown = list(Incident.objects.open().with_domain().select_related("acknowledged_by").worst_first()[:_OPEN_SHOWN])
    last = response.last_words(shown)
    owed = obligations.most_urgent(one.label for one in shown)
    late = obligations.late(at)
    firing = alerts.firing()
    past = None if shown else response.latest_resolved()
    return Board(
        incidents=[OpenIncident(one, last.get(one.pk), owed.get(one.label)) for one in shown],
        overdue=[Late(one, _number(one.subject)) for one in late],
        alerts=firing,
        domains=ownership.matrix(),
        last_resolved_at=past.resolved_at if past else None,
        sentence=_sentence(len(shown), len(late), len(firing)),
    )


def version(at: datetime) -> str:
    """Changes whenever the board would read differently."""
    newest = Incident.objects.open().values_list("number", "version").order_by("number")
    rooms = ".".join(f"{number}:{change}" for number, change in newest)
    return f"{rooms}|{obligations.due_version(at)}|{alerts.version()}|{ownership.version()}"


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


def _number(subject: str) -> int:
    """12 for INC-12; 0 when the duty is about something else."""
    tail = subject.removeprefix("INC-")
    return int(tail) if tail.isdecimal() else 0
