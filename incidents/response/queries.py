"""What the room shows, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import Http404

from incidents.obligations import queries as obligations
from incidents.obligations.models import Obligation
from incidents.ownership import queries as ownership
from incidents.ownership.models import Domain
from incidents.response import clocks, entries, next_best, seats
from incidents.response.entries import Page
from incidents.response.lines import Line, line_of
from incidents.response.models import ChecklistStep, Incident, IncidentQuerySet, Seat, TimelineEvent, TimelineText
from incidents.response.states import IncidentRole, Kind, Severity, Status
from opsportal.models import User
from opsportal.questions import OneOf, given, worded, worded_by_role
from opsportal.roles import Role

# Public words after which readers wait for another one.
_STILL_TOLD = (Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)


# --- the room ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the checklist as the room shows it."""

    position: int
    phase: str
    text: str
    link: str
    command: str
    ticked_at: datetime | None
    ticked_by: str | None
    skipped_at: datetime | None
    skipped_by: str | None
    skip_reason: str
    is_mandatory: bool

    @property
    def is_settled(self) -> bool:
        """Ticked, or said not to apply."""
        return self.ticked_at is not None or self.skipped_at is not None


@dataclass(frozen=True)
class Phase:
    """One phase of the checklist with its steps."""

    label: str
    steps: list[Step]
    is_current: bool

    @property
    def done(self) -> int:
        return sum(step.is_settled for step in self.steps)

    @property
    def is_done(self) -> bool:
        return self.done == len(self.steps)


@dataclass(frozen=True)
class Room:
    """Everything about one incident that changes with its version."""

    incident: Incident
    timeline: Page
    phases: list[Phase]
    clocks: list[Obligation]
    statuses: list[Status] = field(default_factory=lambda: list(Status))

    @property
    def done(self) -> int:
        return sum(phase.done for phase in self.phases)

    @property
    def steps(self) -> int:
        return sum(len(phase.steps) for phase in self.phases)

    @property
    def passed(self) -> list[Status]:
        """Statuses before the current one."""
        return self.statuses[: self.statuses.index(Status(self.incident.status))]

    @property
    def timers(self) -> list[next_best.Timer]:
        """The running clocks with their words."""
        return [next_best.Timer(next_best.Act(one.kind), one.due_at) for one in self.clocks]

    @property
    def open_mandatory(self) -> int:
        """Mandatory steps of the phases before Post-Incident that keep it from being closed."""
        return sum(step.is_mandatory and not step.is_settled for phase in self.phases[:-1] for step in phase.steps)

    @property
    def unticked(self) -> int:
        """Steps of the phases before Post-Incident that are neither ticked nor left out."""
        return sum(len(phase.steps) - phase.done for phase in self.phases[:-1])


def incident_or_404(number: int, person: User) -> Incident:
    """The incident that people call INC-<number>, unless it is none that this person may see."""
    found = next(iter(_incident(person).models(number=number)), None)
    if found is None:
        raise Http404(f"INC-{number}")
    return found


@worded_by_role
def _incident(person: User) -> IncidentQuerySet:
    seen = Incident.objects.visible_to(person).filter(number=given("number"))
    return seen.with_domain().select_related("acknowledged_by", "merged_into")


def version(number: int, person: User) -> int | None:
    """What a poll compares: one cheap read."""
    return next((found for (found,) in _version(person).ask(number=number)), None)


@worded_by_role
def _version(person: User) -> "QuerySet[Incident, int]":
    return Incident.objects.visible_to(person).filter(number=given("number")).values_list("version", flat=True)


def hidden_labels(person: User) -> "QuerySet[Incident, str]":
    """What clocks and the like call the incidents that this person may not see, to exclude them by."""
    return labels(Incident.objects.hidden_from(person))


def rehearsed_labels() -> "QuerySet[Incident, str]":
    """INC-4, INC-9: tests and drills, whose duties are in no figure."""
    return labels(Incident.objects.filter(mode__in=Incident.REHEARSED))


def uncounted_labels(person: User | None) -> "QuerySet[Incident, str]":
    """Those of tests, of drills, and of what this person may not see; without a person of security incidents."""
    secret = Q() if person and person.has_role(Role.RESPONDER) else Q(nature=Incident.Nature.SECURITY)
    return labels(Incident.objects.filter(secret | Q(mode__in=Incident.REHEARSED)))


def labels(incidents: IncidentQuerySet) -> "QuerySet[Incident, str]":
    """INC-12 and so on, as a question of its own."""
    label: Concat = Concat(Value("INC-"), Cast("number", CharField()), output_field=CharField())
    return incidents.annotate(subject=label).values_list("subject", flat=True)


def room(incident: Incident, *, show: str = "all", words: str = "", before: int | None = None) -> Room:
    """The room as it stands; `before` is the event that an older page of the timeline starts below."""
    return Room(
        incident=incident,
        timeline=entries.page(incident, show=show, words=words, before=before),
        phases=_phases(incident),
        clocks=obligations.open_for(incident.label),
    )


@dataclass(frozen=True)
class RoleRow:
    """One role as a person sees it: who has it, who is asked, and what this person may do now."""

    role: IncidentRole
    holder: User | None
    offered_to: User | None
    acts: frozenset[seats.Act]
    is_mine: bool
    is_offered_to_me: bool

    @property
    def can_hand_over(self) -> bool:
        """The holder, as long as nobody is asked."""
        return self.is_mine and seats.Act.OFFER in self.acts

    @property
    def has_more(self) -> bool:
        """Whether its own page has something to do: hand it over, lay it down, take it over."""
        return bool(self.acts & {seats.Act.OFFER, seats.Act.LAY_DOWN, seats.Act.TAKE_OVER})


def roles(incident: Incident, person: User) -> list[RoleRow]:
    """All four, whoever holds them."""
    rows = {one.role: one for one in _seats().models(incident=incident.pk)}
    found = [rows.get(role, Seat(incident=incident, role=role)) for role in IncidentRole]
    leads = seats.holder(found[0]) == person
    can_change = is_running(incident)
    return [
        RoleRow(
            role=IncidentRole(seat.role),
            holder=seats.holder(seat),
            offered_to=seat.offered_to,
            acts=seats.open_to(seat, person, is_commander=leads) if can_change else frozenset(),
            is_mine=seats.holder(seat) == person,
            is_offered_to_me=can_change and seat.offered_to == person,
        )
        for seat in found
    ]


def role_or_404(incident: Incident, role: str, person: User) -> RoleRow:
    """One of the four."""
    found = next((one for one in roles(incident, person) if one.role == role), None)
    if found is None:
        raise Http404(role)
    return found


def able_people() -> "QuerySet[User]":
    """Everybody who may have a role."""
    return User.objects.filter(is_active=True).exclude(role=Role.VIEWER).order_by("username")


def seats_of(incident: Incident) -> "QuerySet[Seat]":
    """The roles that somebody ever held or was offered, with their people."""
    return Seat.objects.filter(incident=incident).select_related("holder", "offered_to", "offered_by")


@worded
def _seats() -> "QuerySet[Seat]":
    return Seat.objects.filter(incident=given("incident")).select_related("holder", "offered_to", "offered_by")


def holds(person: User, role: IncidentRole, incident: Incident) -> bool:
    """True while this person has the role and may act in incidents."""
    return seats.is_able(person) and Seat.objects.filter(incident=incident, role=role, holder=person).exists()


def is_running(incident: Incident) -> bool:
    """True until it is resolved, and after that while readers still wait for the last public word."""
    return incident.is_open or readers_wait(incident)


def readers_wait(incident: Incident) -> bool:
    """True while the status page tells of it and the last word is not out."""
    return _last_public_status(incident) in _STILL_TOLD


def _last_public_status(incident: Incident) -> str:
    return clocks.told(incident).values_list("new", flat=True).last() or ""


_STEP = (
    "position", "phase", "text", "link", "command", "ticked_at", "ticked_by__username",
    "skipped_at", "skipped_by__username", "skip_reason", "mandatory_from",
)  # fmt: skip


def _phases(incident: Incident) -> list[Phase]:
    """All five, the first unfinished one marked as current."""
    steps = [
        Step(*(*one, ChecklistStep.binds(mandatory_from, incident)))
        for *one, mandatory_from in _steps().ask(incident=incident.pk)
    ]
    by_phase = {phase: [step for step in steps if step.phase == phase] for phase in ChecklistStep.Phase}
    current = next((phase for phase, own in by_phase.items() if not all(step.is_settled for step in own)), None)
    return [Phase(phase.label, own, phase == current) for phase, own in by_phase.items()]


@worded
def _steps() -> "QuerySet[ChecklistStep, tuple[Any, ...]]":
    return ChecklistStep.objects.filter(incident=given("incident")).order_by("position").values_list(*_STEP)


def newest_told() -> "QuerySet[TimelineEvent, int]":
    """Key of the newest fact that a person or a check told; a subquery for incidents, one look into the index each."""
    telling = (
        *(Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.SEVERITY, Kind.ALERT, Kind.PUBLIC_UPDATE, Kind.DECLARED),
        Kind.CORRECTION,
    )
    events = TimelineEvent.objects.filter(incident=OuterRef("pk"), kind__in=telling).order_by("-recorded_at", "-id")
    return events.values_list("pk", flat=True)[:1]


_LINE = ("kind", "source", "occurred_at", "recorded_at", "old", "new", "about", "corrects", "actor__username")


def lines(keys: Iterable[int]) -> dict[int, Line]:
    """How these facts read, by their key."""
    wanted = list(keys)
    if not wanted:
        return {}
    bodies = dict(_bodies().ask(keys=wanted))
    return {event.pk: line_of(event, bodies.get(event.pk, "")) for event in _events().models(keys=wanted)}


@worded
def _bodies() -> "QuerySet[TimelineText, tuple[int, str]]":
    return TimelineText.objects.filter(OneOf("event", given("keys"))).values_list("event", "body")


@worded
def _events() -> "QuerySet[TimelineEvent]":
    return TimelineEvent.objects.filter(OneOf("pk", given("keys"))).select_related("actor").only(*_LINE)


def latest(incident: Incident, kind: Kind) -> Line | None:
    """How something came to be what it is: the newest row of that kind."""
    event = incident.timeline.filter(kind=kind).order_by("-recorded_at", "-id").first()
    return lines([event.pk])[event.pk] if event else None


def latest_resolved(person: User) -> Incident | None:
    """The incident that ended last; for the good news of an empty board."""
    return Incident.objects.visible_to(person).filter(status=Status.RESOLVED).order_by("-resolved_at").first()


def incidents_between(
    domain: Domain, start: datetime, end: datetime, *, person: User, most: int | None = None
) -> list[Incident]:
    """What troubled a domain in that time, oldest first: marks for a chart. No tests; merged ones stand in their room.

    Of more than `most` the newest.
    """
    begun = Incident.objects.visible_to(person).for_domain(domain).filter(impact_started_at__lt=end, merged_into=None)
    touching = begun.exclude(resolved_at__lte=start).real()
    return list(touching.order_by("-impact_started_at", "-number")[:most])[::-1]


def domains() -> list[Domain]:
    """What an incident can belong to, in the order of the matrix."""
    return ownership.matrix()


def severity_or(word: str, default: str = "") -> str:
    """The severity named in a URL, or the default: SEV-2 for SEV-2, sev-2 and 2."""
    value = word.upper() if word.upper().startswith("SEV-") else f"SEV-{word}"
    return value if value in set(Severity) else default


def open_by_severity() -> dict[str, float]:
    """How many incidents are open, tests left out; zero for a severity without one."""
    found = dict(Incident.objects.counted().open().order_by().values_list("severity").annotate(number=Count("pk")))
    return {severity: float(found.get(severity, 0)) for severity in Severity.values}
