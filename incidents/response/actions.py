"""What people and alerts do to an incident. Five beats each: lock, require, change, save, record."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.ownership.models import Domain
from incidents.response import channel, checklist, clocks, decisions, impact, roles, states, timeline, watching
from incidents.response.models import Incident, TimelineEvent
from incidents.response.past import Past, require_order
from incidents.response.states import Kind, Status
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

# The lock under which numbers are given: any number that no other advisory lock of the house uses.
_NUMBERS = 730_001


@transaction.atomic
def declare(
    *,
    title: str,
    severity: str,
    domain: Domain,
    by: User,
    at: datetime,
    summary: str = "",
    nature: str = Incident.Nature.STANDARD,
    mode: str = Incident.Mode.STANDARD,
    channel_url: str = "",
    past: Past | None = None,
) -> Incident:
    """Open a room because a person saw trouble; its clocks run from now.

    With `past` it was over before: its room opens resolved, and only its report is owed.
    """
    if past is None and mode == Incident.Mode.RETROSPECTIVE:
        raise Refused("TIMES_MISSING", "Say when it began and when it was over.")
    if mode == Incident.Mode.DRILL:
        raise Refused("DRILL_DECLARED", "A drill is not declared. Start it under Drills; its alert opens the room.")
    facts: dict[str, Any] = {"nature": Incident.Nature(nature), "channel_url": channel.checked(channel_url)}
    facts |= {"mode": Incident.Mode(mode)} if past is None else _over(past, by=by, at=at)
    incident = _open(
        title=title, summary=summary, severity=severity, domain=domain, by=by, source=Incident.Source.WEB, at=at,
        facts=facts,
    )  # fmt: skip
    timeline.record(incident, Kind.DECLARED, by=by, at=at, new=incident.severity, text=incident.summary)
    if past is None:
        roles.lead_if_nobody_does(incident, by=by, at=at)
    else:
        old, new = Status.INVESTIGATING, Status.RESOLVED
        timeline.record(incident, Kind.STATUS, by=by, at=at, old=old, new=new, occurred_at=past.resolved_at)
    incident.refresh_from_db(fields=["version"])
    return incident


def _over(past: Past, *, by: User, at: datetime) -> dict[str, Any]:
    """What is known of an incident that is written down when it is over."""
    require_order(past, at=at)
    return {
        "mode": Incident.Mode.RETROSPECTIVE,
        "status": Status.RESOLVED,
        "acknowledged_at": past.detected_at,
        "acknowledged_by": by,
        **vars(past),
    }


@transaction.atomic
def open_from_alert(
    *,
    title: str,
    severity: str,
    domain: Domain,
    at: datetime,
    summary: str = "",
    detected_at: datetime | None = None,
    mode: str = Incident.Mode.STANDARD,
) -> Incident:
    """Open a room because a machine saw trouble. The severity is a proposal until a person confirms it."""
    incident = _open(
        title=title,
        summary=summary,
        severity=severity,
        domain=domain,
        by=None,
        source=Incident.Source.ALERT,
        at=at,
        detected_at=detected_at,
        facts={"mode": Incident.Mode(mode)},
    )
    timeline.record(incident, Kind.DECLARED, source=timeline.Source.ALERT, at=at, new=incident.severity)
    return incident


@transaction.atomic
def open_from_host(*, title: str, severity: str, domain: Domain, at: datetime) -> Incident:
    """Open a room for what was published on the host while nothing else worked. The severity is a proposal."""
    incident = _open(
        title=title, summary="", severity=severity, domain=domain, by=None, source=Incident.Source.HOST, at=at
    )
    timeline.record(incident, Kind.DECLARED, source=timeline.Source.HOST, at=at, new=incident.severity)
    return incident


@transaction.atomic
def post_note(
    incident: Incident, *, text: str, by: User, at: datetime, occurred_at: datetime | None = None
) -> TimelineEvent:
    """Tell the team. A note about something earlier carries both times."""
    incident = _locked(incident)
    text = guard.require_words(text, "Write what changed before you post.", "TEXT_MISSING")
    _require_past(occurred_at, at)
    return timeline.record(incident, Kind.NOTE, by=by, at=at, text=text, occurred_at=occurred_at)


@transaction.atomic
def change_status(
    incident: Incident,
    *,
    to: str,
    by: User,
    at: datetime,
    note: str = "",
    occurred_at: datetime | None = None,
    seen: str = "",
) -> TimelineEvent:
    """Move the incident on, or back when a fix did not hold. Resolving stops its clocks, reopening starts them.

    `seen` is the status that the person had before them; another one by now is a Conflict.
    """
    incident = _locked(incident)
    require_status_seen(incident, seen)
    _require_past(occurred_at, at)
    states.require(incident.status, to=to)
    if not incident.is_open:
        _require_reopenable(incident, note)
    old, incident.status = incident.status, Status(to)
    incident.resolved_at = _ended(incident, occurred_at, at) if to == Status.RESOLVED else None
    incident.closed_at, incident.closed_by = None, None
    incident.save(update_fields=["status", "resolved_at", "closed_at", "closed_by"])
    if to == Status.RESOLVED:
        _taken(incident, by=by, at=at)
        clocks.stop(incident, by=by, at=at)
    elif old == Status.RESOLVED:
        clocks.start_again(incident, by=by, at=at)
    event = timeline.record(
        incident, Kind.STATUS, by=by, at=at, old=old, new=to, text=note.strip(), occurred_at=occurred_at
    )
    if Status.RESOLVED in (old, to):
        _announce(event, f"{incident.severity}: {'resolved' if to == Status.RESOLVED else 'reopened'}", at=at)
    return event


@transaction.atomic
def change_severity(
    incident: Incident, *, to: str, reason: str, by: User, at: datetime, seen: str = ""
) -> TimelineEvent:
    """Say that it is worse or less bad than thought, and why. Choosing a proposed severity confirms it.

    `seen` is the severity that the person had before them; another one by now is a Conflict.
    """
    incident = _locked(incident)
    chosen = states.severity_of(to)
    _require_open(incident)
    require_seen(incident, seen)
    if chosen == incident.severity and incident.severity_confirmed:
        raise Refused("SEVERITY_UNCHANGED", f"The incident is already {incident.severity}.")
    reason = guard.require_words(reason, "Say why the severity changes.")
    old, was_confirmed = incident.severity, incident.severity_confirmed
    incident.severity, incident.severity_confirmed = chosen, True
    incident.severity_peak = min(chosen, incident.severity_peak) if was_confirmed else chosen
    incident.save(update_fields=["severity", "severity_confirmed", "severity_peak"])
    clocks.change_severity(incident, old=old if was_confirmed else None, by=by, at=at, reason=reason)
    event = timeline.record(incident, Kind.SEVERITY, by=by, at=at, old=old, new=chosen, text=reason)
    _announce(event, f"{chosen} confirmed" if old == chosen else f"is {chosen} now, was {old}", at=at)
    return event


def require_status_seen(incident: Incident, status: str) -> None:
    """Whoever moves what somebody else has moved meanwhile is told: it would be undone, or opened again, unasked."""
    if status and status != incident.status:
        raise Conflict(
            "STATUS_CHANGED",
            f"Somebody moved the incident to {incident.get_status_display()} while you were writing. Nothing was "
            "saved, and your words are below. Choose again where it stands now, and send.",
        )


def require_seen(incident: Incident, severity: str) -> None:
    """Two people at the same severity: the second is told, and what both wrote is kept."""
    if severity and severity != incident.severity:
        raise Conflict(
            "SEVERITY_CHANGED",
            f"Somebody changed the severity to {incident.severity} while you were choosing. Nothing was saved; both "
            "are here.",
        )


@transaction.atomic
def acknowledge(incident: Incident, *, by: User, at: datetime) -> TimelineEvent:
    """Say that somebody has it. A proposed severity stands as it is and its public clocks start."""
    incident = _locked(incident)
    _require_open(incident)
    if incident.acknowledged_at is not None:
        raise Refused("ALREADY_ACKNOWLEDGED", f"{incident.acknowledged_by} has acknowledged it already.")
    starts_public = not incident.severity_confirmed
    _taken(incident, by=by, at=at)
    obligations.meet(Obligation.Kind.ACKNOWLEDGE, incident.label, at=at)
    if starts_public:
        clocks.start_public(incident, at=at)
    event = timeline.record(incident, Kind.ACKNOWLEDGED, by=by, at=at, new=incident.severity)
    roles.lead_if_nobody_does(incident, by=by, at=at)
    return event


@transaction.atomic
def waive(incident: Incident, *, kind: str, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Stop one of the incident's clocks because the thing need not be done, and tell the team why."""
    if kind == Obligation.Kind.CHECK_BACK:
        return decisions.waive(incident, reason=reason, by=by, at=at)
    incident = _locked(incident)
    if kind not in set(Obligation.Kind):
        raise Refused("CLOCK_UNKNOWN", "There is no such clock.")
    reason = guard.require_words(reason, "Say why this need not be done.")
    waived = obligations.waive(kind, incident.label, by=by, at=at, reason=reason)
    if waived is None:
        raise Refused("CLOCK_STOPPED", "This clock does not run any more.")
    text = f"Waived: {waived.get_kind_display().lower()}. {reason}"
    return timeline.record(incident, Kind.NOTE, by=by, at=at, text=text)


def _open(
    *,
    title: str,
    summary: str,
    severity: str,
    domain: Domain,
    by: User | None,
    source: str,
    at: datetime,
    detected_at: datetime | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Incident:
    chosen, summary = states.severity_of(severity), summary.strip()
    title = guard.require_words(title, "Give the incident a title.", "TITLE_MISSING")[:160]
    guard.require_clean(summary)
    found_at = detected_at or at
    incident = Incident.objects.create(
        number=_next_number(),
        title=title,
        summary=summary,
        domain=domain,
        source=source,
        severity_initial=chosen,
        severity_peak=chosen,
        severity=chosen,
        severity_confirmed=by is not None,
        declared_by=by,
        declared_at=at,
        **{"impact_started_at": found_at, "detected_at": found_at, **facts},
    )
    checklist.copy_to(incident)
    clocks.start(incident, at=at)
    return incident


def _announce(event: TimelineEvent, what: str, *, at: datetime) -> None:
    """A turn that others have to know of, in the same transaction."""
    incident = event.incident
    key = f"incident:{incident.number}:turn:{event.pk}"
    watching.announce(incident, key=key, what=what, because=f"{incident.label} took a turn", at=at)


def _next_number() -> int:
    """One after the highest. The lock lasts to the commit, so numbers have no gaps and never collide."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    highest: int | None = Incident.objects.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def _locked(incident: Incident) -> Incident:
    """Alone: rows that were joined would be those from before the wait for the lock."""
    return Incident.objects.select_for_update().get(pk=incident.pk)


def _taken(incident: Incident, *, by: User, at: datetime) -> None:
    """A person has it now: the first to act is who acknowledged, and a proposed severity stands."""
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by = at, by
    incident.severity_confirmed = True
    incident.save(update_fields=["acknowledged_at", "acknowledged_by", "severity_confirmed"])


def _require_open(incident: Incident) -> None:
    if not incident.is_open:
        raise Refused("INCIDENT_RESOLVED", "The incident is resolved. Reopen it first.")


def _require_reopenable(incident: Incident, note: str) -> None:
    if not incident.may_reopen:
        raise Refused(
            "WRITTEN_LATER",
            "It was over before it was written down, so nothing of it runs again. Declare a follow-up incident: it is "
            "linked to this one, and has clocks and a gate of its own.",
        )
    if not note.strip():
        raise Refused("REASON_MISSING", "Say why it is opened again.")


def _ended(incident: Incident, occurred_at: datetime | None, at: datetime) -> datetime:
    """Now, or when a person says that it was over: then figures and timeline tell the same."""
    if occurred_at is None:
        return at
    impact.require_order(incident, {"resolved_at": occurred_at}, at=at)
    return occurred_at


def _require_past(occurred_at: datetime | None, at: datetime) -> None:
    if occurred_at is not None and occurred_at > at:
        raise Refused("TIME_IN_FUTURE", "That time has not come yet. Say when it happened, in UTC.")
