"""What drills show: the list with its readiness, one room, the preview page; and what the check of drills must know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import Http404
from django.urls import reverse

from incidents.drills import ending, score
from incidents.drills.models import Drill, Inject, Plan, Scenario, State, Word
from incidents.drills.score import Month, Row
from incidents.drills.script import STEPS, Script
from incidents.duties import queries as duties
from incidents.duties.models import Duty
from incidents.obligations.models import Obligation
from incidents.response.states import Status
from incidents.statuspage import load, pages, rollup
from incidents.statuspage.content import Incident as PublicIncident
from incidents.statuspage.content import Update
from incidents.statuspage.drafts import proposed_status
from incidents.statuspage.models import Component
from incidents.week_sections import Section
from opsportal.models import User

PAGE = 50


def flag() -> str:
    """The word with which the check of drills fails now; empty without a drill."""
    found = Drill.objects.filter(state=State.RUNNING).values_list("flag", flat=True).first()
    return found or ""


@dataclass(frozen=True)
class Playing:
    """What is played now, for the news of the check."""

    label: str
    title: str
    domain_id: int
    severity: str


def playing() -> Playing | None:
    """The drill whose flag is up, or that was mitigated and still runs."""
    drill = running()
    if drill is None:
        return None
    plot = drill.script
    return Playing(drill.label, plot.title, drill.domain_id, plot.severity)


def running() -> Drill | None:
    return Drill.objects.filter(state=State.RUNNING).select_related("incident", "domain").first()


def drill_or_404(number: int) -> Drill:
    found = Drill.objects.select_related("incident", "domain", "scenario", "facilitator", "ended_by")
    drill = found.filter(number=number).first()
    if drill is None:
        raise Http404
    return drill


def scenario_or_404(slug: str) -> Scenario:
    found = Scenario.objects.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Listing:
    """Drills newest first, the scenarios that may be played, and month by month whether one was held."""

    running: Drill | None
    drills: Sequence[Drill]
    older: int | None
    scenarios: Sequence[Scenario]
    retired: Sequence[Scenario]
    months: Sequence[Month]
    plan: Plan

    @property
    def missed(self) -> int:
        return sum(month.is_missed for month in self.months)

    @property
    def last(self) -> Drill | None:
        """The newest that was played to its end."""
        return next((one for one in self.drills if one.state == State.FINISHED), None)


def listing(*, at: datetime, before: int | None = None) -> Listing:
    """One page of it; `before` is the number of the last one of the page before."""
    rows = Drill.objects.select_related("scenario", "facilitator", "incident").order_by("-number")
    shown = list((rows.filter(number__lt=before) if before else rows)[: PAGE + 1])
    scenarios = list(Scenario.objects.order_by("slug"))
    return Listing(
        running=running(),
        drills=shown[:PAGE],
        older=shown[PAGE - 1].number if len(shown) > PAGE else None,
        scenarios=[one for one in scenarios if one.retired_at is None],
        retired=[one for one in scenarios if one.retired_at is not None],
        months=months(at),
        plan=Plan.objects.select_related("scenario").get(),
    )


def months(at: datetime) -> list[Month]:
    """The last twelve, since drills are owed or held. Only one that was played to its end is held."""
    since = _owed_since()
    if since is None:
        return []
    held = Drill.objects.filter(state=State.FINISHED).order_by("started_at")
    return score.readiness([(one.started_at.date(), one.percent or 0) for one in held], since=since, today=at.date())


def _owed_since() -> date | None:
    """The first drill, or when a duty first asked for one: a house that never practised missed it."""
    first = Drill.objects.order_by("started_at").values_list("started_at", flat=True).first()
    owed = [one.due_after(one.since) for one in duties.in_use() if one.evidence == Duty.Evidence.DRILL]
    return min((one.date() for one in (first, *owed) if one is not None), default=None)


@dataclass(frozen=True)
class Step:
    """One of the six, with its clock."""

    number: int
    key: str
    title: str
    due_at: datetime
    done_at: datetime | None
    is_current: bool

    @property
    def is_late(self) -> bool:
        return self.done_at is not None and self.done_at > self.due_at


@dataclass(frozen=True)
class Room:
    """One drill as its page shows it. Players do not see what is to come."""

    drill: Drill
    plot: Script
    steps: Sequence[Step]
    injects: Sequence[Inject]
    hidden: int
    words: Sequence[Word]
    rows: Sequence[Row]
    best: Drill | None

    @property
    def points(self) -> int:
        return sum(row.points for row in self.rows)

    @property
    def possible(self) -> int:
        return sum(row.of for row in self.rows)

    @property
    def current(self) -> Step | None:
        return next((one for one in self.steps if one.is_current), None)


def room(drill: Drill, person: User, *, at: datetime) -> Room:
    """Whoever began it sees everything; the others what was thrown in by now."""
    injects = list(drill.injects.order_by("position"))
    sees_all = not drill.is_running or drill.facilitator_id == person.pk
    shown = [one for one in injects if sees_all or one.sent_at is not None]
    rows = (
        score.sheet(ending.facts(drill, at=at), drill.script.targets)
        if drill.is_running
        else [Row(**row) for row in drill.score]
    )
    return Room(
        drill=drill,
        plot=drill.script,
        steps=steps(drill),
        injects=shown,
        hidden=len(injects) - len(shown),
        words=list(drill.words.select_related("published_by").order_by("-published_at", "-pk")),
        rows=rows,
        best=_best(drill),
    )


def _best(drill: Drill) -> Drill | None:
    others = Drill.objects.filter(scenario=drill.scenario_id, state=State.FINISHED).exclude(pk=drill.pk)
    return max(others.order_by("number"), key=lambda one: one.percent or 0, default=None)


def steps(drill: Drill) -> list[Step]:
    """All six in their order; the current one is the first that is not done."""
    owed = Obligation.objects.filter(subject__startswith=f"{drill.label}:").order_by("pk")
    clocks = {one.subject: one for one in owed}
    titles = drill.script.steps
    waiting = next((key for key in STEPS if clocks[drill.step(key)].met_at is None), "") if drill.is_running else ""
    return [
        Step(number, key, titles[key], clocks[drill.step(key)].due_at, clocks[drill.step(key)].met_at, key == waiting)
        for number, key in enumerate(STEPS, 1)
    ]


def week_summary(start: datetime, end: datetime) -> Section:
    """What the weekly review says of drills: those of the week, the last score, and how ready the house is."""
    begun = Drill.objects.filter(started_at__gte=start, started_at__lt=end).order_by("number")
    lines = [f"{one.label}: {one.get_state_display().lower()}, {one.points} of {one.possible} points" for one in begun]
    known = months(end)
    scores = [month.percent for month in known if month.percent is not None]
    if known:
        missed = sum(month.is_missed for month in known)
        best = f", best scores {', '.join(f'{one} %' for one in scores[-3:])}" if scores else ""
        lines.append(f"Readiness: {missed} of {len(known)} months missed{best}")
    return Section("Drills", tuple(lines), reverse("incidents:drills"), "None was held yet")


def preview(drill: Drill, *, at: datetime) -> pages.Card | None:
    """The incident's card as readers would have seen it; None before the first word. It is on no public page."""
    words = list(drill.words.order_by("-published_at", "-pk"))
    if not words:
        return None
    status = proposed_status(drill.script.severity)
    touched = list(Component.objects.in_use().in_order().filter(domain=drill.domain_id))
    over = next((one.published_at for one in words if one.status == Status.RESOLVED), None)
    watched = next((one.published_at for one in words if one.status == Status.MONITORING), None)
    shown = PublicIncident(
        number=drill.number,
        public_id=drill.label.lower(),
        name=f"DRILL: {drill.script.title}",
        status=words[0].status,
        impact=rollup.impact([status]),
        published_at=words[-1].published_at,
        updated_at=words[0].published_at,
        monitoring_at=watched,
        resolved_at=over,
        component_ids=tuple(one.public_id for one in touched),
        updates=tuple(
            Update(f"{drill.label.lower()}-{one.pk}", one.status, one.body, one.published_at, one.next_update_at)
            for one in words
        ),
    )
    return pages.card(load.now(at), shown, limit=len(words), at=at)
