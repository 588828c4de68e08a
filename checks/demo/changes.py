"""Twelve weeks of changes: a deploy on most working days, what went wrong with some, and what was frozen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.demo.story import OPEN
from incidents.changes import actions, freezes, notices, preflight, suspects
from incidents.changes.actions import Facts, Teller
from incidents.changes.models import Change
from incidents.changes.queries import last_good_before
from incidents.changes.states import Result, Source
from incidents.models import Domain, Incident
from opsportal.models import User

_WEEKS = 12
_SATURDAY = 5
# Whose turn it is, day by day: the domain, and what its deploys are called.
_TURNS = (
    ("backend", "API and ingest"),
    ("frontend", "Dashboard"),
    ("payments", "Payments"),
    ("backend", "Exports and search"),
    ("devops-sre", "Gateway"),
    ("frontend", "Dashboard"),
    ("support", "Help centre"),
)


@dataclass(frozen=True)
class Told:
    """A change that is over, and how many minutes it lasted; no domain is the whole house."""

    kind: str
    what: str
    domain: str | None
    artifact: str = ""
    lasted: int = 4


_CAUSE = "Capture batch size 200 to 500"
# What is no everyday deploy, by its age.
_ODD = (
    (timedelta(days=62, hours=3), Told("migration", "0037, new index on events", "backend", "0037", 22)),
    (timedelta(days=30, hours=2), Told("configuration", "Ingest batch limit 500 to 200", "backend")),
    (timedelta(days=9, hours=1), Told("migration", "0041, index on export_rows", "backend", "0041", 31)),
    (timedelta(hours=20), Told("flag", "New help search for everybody", "support")),
    (timedelta(hours=4), Told("deploy", "Deploy Notifications with previews", "backend", "2026.11-n9", 6)),
    (timedelta(hours=2, minutes=30), Told("configuration", "Time limit of outgoing calls 10 s to 8 s", None)),
    (timedelta(minutes=58), Told("configuration", _CAUSE, "payments")),
    (timedelta(minutes=14), Told("flag", "EU card route 30 % to provider B", "payments")),
)
_BLANK = "Dashboard blank after release"
_RELEASE = "Deploy Dashboard with the new bundle"


def load(cast: dict[str, User], at: datetime) -> None:
    """Everything through the room's own actions, oldest first, so that numbers follow the days."""
    by, pipeline = Teller(cast["responder"]), Teller(cast["responder"], Source.API)
    incident = Incident.objects.get(title=_BLANK)
    for began, one in sorted([*_everyday(at), *_odd(at), _release(incident)], key=lambda told: told[0]):
        change = _tell(one, began, pipeline if one.kind == "deploy" else by)
        if one.what == _RELEASE:
            _take_back(change, incident, by)
    _suspected(cast["responder"], at)
    _to_come(cast, at)


def _everyday(at: datetime) -> Iterator[tuple[datetime, Told]]:
    """A deploy on each working day, at another hour each time."""
    morning = at.replace(hour=9, minute=40, second=0, microsecond=0)
    for turn in range(_WEEKS * 7):
        began = morning - timedelta(days=_WEEKS * 7 - turn) + timedelta(minutes=37 * (turn % 11))
        if began.weekday() < _SATURDAY:
            slug, name = _TURNS[turn % len(_TURNS)]
            artifact = f"{began:%Y.%m.%d}-{turn % 3 + 1}"
            yield began, Told("deploy", f"Deploy {name}", slug, artifact, 6 + turn % 9)


def _odd(at: datetime) -> Iterator[tuple[datetime, Told]]:
    return ((at - age, one) for age, one in _ODD)


def _release(incident: Incident) -> tuple[datetime, Told]:
    began = incident.declared_at - timedelta(minutes=9)
    return began, Told("deploy", _RELEASE, "frontend", f"{began:%Y.%m.%d}-9", 6)


def _tell(one: Told, began: datetime, by: Teller) -> Change:
    ended = began + timedelta(minutes=one.lasted)
    domain = Domain.objects.get(slug=one.domain) if one.domain else None
    facts = Facts(one.kind, one.what, domain, one.artifact, started_at=began, finished_at=ended)
    return actions.record(facts, by=by, at=ended)


def _take_back(bad: Change, incident: Incident, by: Teller) -> None:
    """The release that left the dashboard blank: suspected, taken back, and the version before it put in its place."""
    assert by.user is not None
    began = incident.declared_at
    reason = "Blank for everybody since its last step."
    suspects.mark(incident, bad, reason=reason, by=by.user, at=began + timedelta(minutes=4))
    note = "One file of the bundle is missing."
    actions.roll_back(bad, note=note, by=by, at=began + timedelta(minutes=6))
    good = last_good_before(bad)
    if good is not None:
        back = Told("rollback", f"Back to {good.artifact}", "frontend", good.artifact, 2)
        _tell(back, began + timedelta(minutes=6), by)


def _suspected(by: User, at: datetime) -> None:
    """What may be behind the open SEV-1."""
    incident, cause = Incident.objects.get(title=OPEN[0].title), Change.objects.get(what=_CAUSE)
    suspects.mark(
        incident, cause, reason="Capture share began to fall minutes after it.", by=by, at=at - timedelta(minutes=20)
    )


def _prepared(planned: Change, cast: dict[str, User], at: datetime) -> None:
    """Announced, and all but one of its steps ticked."""
    words, ticket = "The export page is slow for a minute.", "https://tickets.example/OPS-412"
    notices.announce(planned, words=words, tickets=ticket, by=cast["publisher"], at=at - timedelta(hours=4))
    for hours, step in zip((4, 3), planned.checklist.order_by("position"), strict=False):
        preflight.tick(step, by=cast["responder"], at=at - timedelta(hours=hours))


def _to_come(cast: dict[str, User], at: datetime) -> None:
    """A deploy that waits for tomorrow, one that runs, and the freeze at the end of the quarter."""
    tomorrow = at.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    backend = Domain.objects.get(slug="backend")
    by = Teller(cast["responder"])
    planned = Facts(
        "migration", "0042, drop the old export table", backend, "0042", result=Result.PLANNED, started_at=tomorrow
    )
    _prepared(actions.record(planned, by=by, at=at - timedelta(hours=5)), cast, at)
    gateway = Domain.objects.get(slug="devops-sre")
    running = Facts("deploy", "Deploy Gateway, half of the nodes", gateway, "2026.11-g4", result=Result.RUNNING)
    actions.record(running, by=by, at=at - timedelta(minutes=7))
    begins = tomorrow + timedelta(days=2)
    freezes.add_window(
        Domain.objects.get(slug="payments"), reason="End of the quarter: no changes while books are closed",
        starts_at=begins, ends_at=begins + timedelta(days=3), time_zone="Europe/Berlin",
        by=cast["publisher"], at=at - timedelta(days=1),
    )  # fmt: skip
