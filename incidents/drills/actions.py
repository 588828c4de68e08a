"""Begin, mitigate, tell and end a drill. Every act is one transaction: a crash leaves whole steps for the sweep."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from incidents.alerts import actions as alerts
from incidents.drills import clocks, ending, script
from incidents.drills.models import Drill, Inject, Plan, Scenario, State, Word
from incidents.duties import actions as duties
from incidents.duties.models import Duty
from incidents.ownership.models import Domain
from incidents.response import impact, states, timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Severity, Status
from incidents.statuspage.actions import move_clocks
from opsportal import recurrence
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.outbox.actions import tell_operators
from opsportal.privacy import guard

# The lock under which drills are numbered: any number that no other advisory lock of the house uses.
_NUMBERS = 730_011
# A scheduled drill that could not begin is tried again for so long; then its turn is over.
_PATIENCE = timedelta(hours=24)
_PROMISED_WITHIN = timedelta(days=1)


@transaction.atomic
def start(scenario: Scenario, *, by: User | None, at: datetime) -> Drill:
    """Raise the flag: the check fails from now on, and all that follows is real but for its mark.

    `by` is None when the schedule begins it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    _require_quiet()
    if scenario.retired_at is not None:
        raise Refused("SCENARIO_RETIRED", "This scenario is retired. Restore it first.")
    plot = _playable(scenario)
    drill = Drill.objects.create(
        number=(Drill.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1,
        scenario=scenario,
        document=scenario.document,
        domain=domain_of(plot),
        flag=plot.failure,
        facilitator=by,
        started_at=at,
        ends_by=at + timedelta(minutes=plot.max_minutes),
    )
    Inject.objects.bulk_create(
        Inject(
            drill=drill,
            position=position,
            text=one.text,
            is_alert=one.is_alert,
            due_at=None if one.after is None else at + timedelta(minutes=one.after),
        )
        for position, one in enumerate(plot.injects, 1)
    )
    clocks.start(drill, at=at)
    audit.record("drill.start", by=by.username if by else "scheduler", object=f"{drill.label} {scenario.slug}")
    who = by.username if by else "The schedule"
    _tell(drill, "begins", f"{who} began it. Nothing of it is real, and nothing reaches the public page.", at=at)
    return drill


def _playable(scenario: Scenario) -> script.Script:
    try:
        return script.read(scenario.document, is_kept=True)
    except script.UnreadableError as why:
        raise Refused("SCENARIO_UNREADABLE", f"This scenario cannot be read any more. {why} Edit it first.") from None


def _require_quiet() -> None:
    """Nobody practises while something real is on, or beside another drill."""
    running = Drill.objects.filter(state=State.RUNNING).first()
    if running is not None:
        raise Refused("DRILL_RUNS", f"{running.label} runs already. End it first.")
    open_ones = Incident.objects.counted().open().filter(severity__in=(Severity.SEV1, Severity.SEV2), merged_into=None)
    real = open_ones.worst_first().first()
    if real is not None:
        raise Refused("INCIDENT_OPEN", f"{real.label} is open and real. Practise when it is over.")


def domain_of(plot: script.Script) -> Domain:
    found = Domain.objects.filter(slug=plot.domain).first()
    if found is None:
        raise Refused("DOMAIN_UNKNOWN", "The scenario names a domain that there is not.")
    return found


@transaction.atomic
def mitigate(drill: Drill, *, by: User, at: datetime) -> Drill:
    """The players have found what helps: the flag goes down, and the check passes again by itself."""
    drill = running(drill)
    incident = _room(drill)
    if drill.mitigated_at is not None:
        raise Refused("ALREADY_MITIGATED", "The flag is down already.")
    drill.flag, drill.mitigated_at = "", at
    drill.save(update_fields=["flag", "mitigated_at"])
    if incident.mitigated_at is None:
        impact.mitigate(incident, by=by, at=at)
    timeline.record(incident, Kind.DRILL, by=by, at=at, new="mitigated", about=_about(drill))
    audit.record("drill.mitigate", by=by.username, object=drill.label)
    return clocks.advance(drill, at=at)


@transaction.atomic
def publish(drill: Drill, *, status: str, body: str, next_update_at: datetime | None, by: User, at: datetime) -> Word:
    """Tell the readers of the preview page, as strictly as on the real one. Nobody outside hears of it."""
    drill = running(drill)
    incident = _room(drill)
    guard.require_public(body)
    before = drill.words.order_by("-published_at", "-pk").values_list("status", flat=True).first()
    if status != (before or Status.INVESTIGATING):
        states.require(before or Status.INVESTIGATING, to=status)
    _require_promise(status, next_update_at, at)
    word = Word.objects.create(
        drill=drill,
        status=Status(status),
        body=body.strip(),
        next_update_at=None if status == Status.RESOLVED else next_update_at,
        published_at=at,
        published_by=by,
    )
    move_clocks(incident, word.next_update_at, at=at)
    timeline.record(incident, Kind.DRILL, by=by, at=at, new="word", text=word.body, about=_about(drill))
    clocks.advance(drill, at=at)
    return word


def _require_promise(status: str, next_update_at: datetime | None, at: datetime) -> None:
    if status == Status.RESOLVED:
        return
    if next_update_at is None:
        raise Refused("NEXT_UPDATE_MISSING", "Say by when readers hear from you next.")
    if next_update_at <= at:
        raise Refused("NEXT_UPDATE_PAST", "The time of the next update has passed. Choose another.")
    if next_update_at - at > _PROMISED_WITHIN:
        raise Refused("NEXT_UPDATE_FAR", "Readers hear from you within a day. Choose another time.")


@transaction.atomic
def throw_in(inject: Inject, *, by: User, at: datetime) -> bool:
    """Send one before its time, or one that was held back."""
    drill = running(inject.drill)
    _room(drill)
    alerts.hold_drill()
    if not clocks.send(drill, inject, by=by, at=at):
        raise Refused("INJECT_SENT", "This one was sent already.")
    audit.record("drill.inject", by=by.username, object=f"{drill.label} {inject.position}")
    return True


@transaction.atomic
def finish(drill: Drill, *, lessons: str, by: User, at: datetime) -> Drill:
    """It was played to its end: what was learned is written down, the sheet is drawn up, everything is put away."""
    drill = running(drill)
    why = "Write down what was learned. Without it the drill is only stopped."
    drill.lessons = guard.require_words(lessons, why, "LESSONS_MISSING")
    drill.save(update_fields=["lessons"])
    clocks.settle(drill, "lessons", at)
    ended = ending.end(drill, State.FINISHED, by=by, at=at)
    held = f"{ended.label}: {ended.points} of {ended.possible} points"
    duties.meet(Duty.Evidence.DRILL, "", said=held, at=at, by=by)
    _tell(ended, "is over", f"{ended.points} of {ended.possible} points.", at=at)
    return ended


@transaction.atomic
def stop(drill: Drill, *, reason: str, by: User, at: datetime) -> Drill:
    """End it early, for example since something real happens. Everything is cleaned up at once; it does not count."""
    drill = running(drill)
    drill.reason = guard.require_words(reason, "Say why it ends early.")
    drill.save(update_fields=["reason"])
    ended = ending.end(drill, State.STOPPED, by=by, at=at)
    _tell(ended, "was stopped", "Whatever fires now is real.", at=at)
    return ended


@transaction.atomic
def note_lessons(drill: Drill, *, lessons: str, by: User, at: datetime) -> Drill:
    """Write down afterwards what was learned, of a drill that ended without it; the sheet stays as it is."""
    drill = Drill.objects.select_for_update(of=("self",)).get(pk=drill.pk)
    guard.require_clean(lessons)
    if drill.is_running:
        raise Refused("DRILL_RUNS", "It still runs. End it with its lessons.")
    drill.lessons = lessons.strip()
    drill.save(update_fields=["lessons"])
    audit.record("drill.lessons", by=by.username, object=drill.label)
    return drill


def start_planned(*, at: datetime) -> Drill | None:
    """Begin what the schedule says is due; when it cannot begin for a day, its turn is over. Safe to run twice."""
    with transaction.atomic():
        plan = Plan.objects.select_for_update(skip_locked=True).filter(is_on=True, next_at__lte=at).first()
        if plan is None or plan.next_at is None:
            return None
        scenario = plan.scenario or _next_in_turn()
        drill, why = None, "There is no scenario."
        try:
            with transaction.atomic():
                drill = start(scenario, by=None, at=at) if scenario is not None else None
        except Refused as refusal:
            why = refusal.sentence
        if drill is None and at - plan.next_at < _PATIENCE:
            return None
        if drill is None:
            tell_operators(
                key=f"drill:missed:{plan.next_at:%Y%m%d%H%M}",
                subject="The scheduled drill was missed",
                body=f"{why}\n{settings.BASE_URL}/drills/",
                at=at,
            )
        plan.next_at = next_start(plan, at)
        plan.save(update_fields=["next_at"])
        return drill


def next_start(plan: Plan, at: datetime) -> datetime:
    return recurrence.next_after(at, plan.rule, first=plan.first_on, clock=plan.clock, zone=plan.time_zone)


def _next_in_turn() -> Scenario | None:
    """The one that was not played for longest."""
    waiting = Scenario.objects.filter(retired_at=None).annotate(last=Max("drills__started_at"))
    return min(waiting, key=lambda one: (one.last is not None, one.last, one.slug), default=None)


def running(drill: Drill) -> Drill:
    """Under its lock, and still running."""
    found = Drill.objects.select_for_update(of=("self",)).get(pk=drill.pk)
    if not found.is_running:
        raise Refused("DRILL_OVER", f"{found.label} is over.")
    return found


def _room(drill: Drill) -> Incident:
    if drill.incident is None:
        raise Refused("NOT_DETECTED", "Alerting has not detected it yet. Until then there is nothing to work on.")
    return drill.incident


def _about(drill: Drill) -> str:
    return f"drill:{drill.number}"


def _tell(drill: Drill, what: str, body: str, *, at: datetime) -> None:
    tell_operators(
        key=f"drill:{drill.number}:{what}",
        subject=f"DRILL: {drill.label} {what}: {drill.script.title}",
        body=f"{body}\n{settings.BASE_URL}{drill.get_absolute_url()}",
        at=at,
        because="A drill is announced",
    )
