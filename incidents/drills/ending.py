"""The end of a drill, whole and by itself: flag down, room closed, alerts over, no duty open, the sheet drawn up."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from incidents.alerts import actions as alerts
from incidents.drills import clocks, score
from incidents.drills.models import Drill, State
from incidents.drills.score import Facts
from incidents.obligations import actions as obligations
from incidents.obligations import queries as owed
from incidents.obligations.models import Obligation
from incidents.response import rehearsal, timeline
from incidents.response.models import Incident
from incidents.response.states import Kind
from opsportal.audit import actions as audit
from opsportal.models import User

_PUBLIC = (Obligation.Kind.FIRST_PUBLIC_UPDATE, Obligation.Kind.PUBLIC_UPDATE)


def facts(drill: Drill, *, at: datetime) -> Facts:
    """What the sheet is drawn up from, as it is now."""
    incident = drill.incident
    steps = Obligation.objects.filter(kind=clocks.STEP, subject__startswith=f"{drill.label}:")
    late, due = owed.late_of(incident.label, at, kinds=_PUBLIC) if incident else (0, 0)
    return Facts(
        started_at=drill.started_at,
        detect=incident.detected_at if incident else None,
        acknowledge=incident.acknowledged_at if incident else None,
        first_word=drill.words.order_by("published_at").values_list("published_at", flat=True).first(),
        mitigate=drill.mitigated_at,
        resolve=incident.resolved_at if incident else None,
        promised=due,
        kept=due - late,
        steps=steps.filter(met_at__isnull=False).count(),
    )


def end(drill: Drill, state: str, *, by: User | None, at: datetime) -> Drill:
    """Put everything away, in the caller's transaction and under the drill's lock."""
    alerts.end_drill(at=at)
    clocks.advance(drill, at=at)
    sheet = score.sheet(facts(drill, at=at), drill.script.targets)
    drill.flag, drill.state, drill.ended_at, drill.ended_by = "", State(state), at, by
    drill.score = [asdict(row) for row in sheet]
    drill.save(update_fields=["flag", "state", "ended_at", "ended_by", "score"])
    if drill.incident is not None:
        source = "" if by else timeline.Source.SYSTEM
        timeline.record(
            drill.incident, Kind.DRILL, by=by, source=source, at=at, new="over", about=f"drill:{drill.number}",
            text=f"{drill.get_state_display()}: {drill.points} of {drill.possible} points.",
        )  # fmt: skip
        rehearsal.end(drill.incident, by=by, at=at)
    _waive(drill, at=at)
    audit.record(f"drill.{state}", by=by.username if by else "scheduler", object=drill.label)
    return drill


def _waive(drill: Drill, *, at: datetime) -> None:
    left = Obligation.objects.open().filter(kind=clocks.STEP, subject__startswith=f"{drill.label}:").order_by("pk")
    for one in left:
        obligations.waive(one.kind, one.subject, by=None, at=at, reason="The drill is over.")


def keep(*, at: datetime) -> None:
    """The sweep: find the room, throw in what is due, end what lasts too long, and put away what was left behind.

    Idempotent; safe to run concurrently; after a crash it goes on where the last whole step was.
    """
    for pk in Drill.objects.filter(state=State.RUNNING).values_list("pk", flat=True):
        _keep(pk, at=at)
    _tidy(at=at)


@transaction.atomic
def _keep(pk: int, *, at: datetime) -> None:
    drill = Drill.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, state=State.RUNNING).first()
    if drill is None:
        return
    alerts.hold_drill()
    if drill.incident is None:
        find_room(drill, at=at)
    if drill.ends_by <= at:
        end(drill, State.EXPIRED, by=None, at=at)
        return
    is_news = clocks.send_due(drill, at=at)
    if is_news or _is_done_more(drill):
        clocks.advance(drill, at=at)


def _is_done_more(drill: Drill) -> bool:
    """Whether a step's clock still runs that need not."""
    running = set(
        Obligation.objects.open().filter(subject__startswith=f"{drill.label}:").values_list("subject", flat=True)
    )
    return any(drill.step(key) in running and done(drill) for key, done in clocks.DONE.items())


def find_room(drill: Drill, *, at: datetime) -> None:
    """What alerting opened since the flag is up."""
    opened = Incident.objects.filter(mode=Incident.Mode.DRILL, declared_at__gte=drill.started_at, drill=None)
    room = opened.order_by("number").first()
    if room is not None:
        clocks.attach(drill, room, at=at)
        clocks.advance(drill, at=at)


@transaction.atomic
def _tidy(*, at: datetime) -> None:
    """What belongs to no drill that runs: an alert that came a moment after the end, a room that nobody ended."""
    if Drill.objects.filter(state=State.RUNNING).exists():
        return
    alerts.end_drill(at=at)
    for room in Incident.objects.filter(mode=Incident.Mode.DRILL, closed_at=None).order_by("pk"):
        rehearsal.end(room, by=None, at=at)
    for one in Obligation.objects.open().filter(kind=clocks.STEP).order_by("pk"):
        obligations.waive(one.kind, one.subject, by=None, at=at, reason="The drill is over.")
