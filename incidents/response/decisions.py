"""Decisions: what was decided, when to look back, and what was seen then.

An incident has one clock for it, which stands on the earliest look that is still owed; the next one follows.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind, Outcome
from opsportal.errors import Refused
from opsportal.models import User

_CLOCK = Obligation.Kind.CHECK_BACK


@transaction.atomic
def decide(
    incident: Incident,
    *,
    text: str,
    by: User,
    at: datetime,
    check_back_at: datetime | None = None,
    occurred_at: datetime | None = None,
) -> TimelineEvent:
    """Write down what was decided, and promise to look whether it worked."""
    incident = _locked(incident)
    if not text.strip():
        raise Refused("TEXT_MISSING", "Write what was decided.")
    if check_back_at is not None and check_back_at <= at:
        raise Refused("CHECK_BACK_PAST", "That time is over. Say when to look back, in UTC.")
    if occurred_at is not None and occurred_at > at:
        raise Refused("TIME_IN_FUTURE", "That time has not come yet. Say when it happened, in UTC.")
    event = timeline.record(
        incident,
        Kind.DECISION,
        by=by,
        at=at,
        text=text.strip(),
        occurred_at=occurred_at,
        check_back_at=check_back_at,
    )
    _owe_next(incident, at=at)
    return event


@transaction.atomic
def answer(decision: TimelineEvent, *, outcome: str, note: str, by: User, at: datetime) -> TimelineEvent:
    """Say whether it worked, and what was seen. A decision without a promised look may be answered as well."""
    incident = _locked(decision.incident)
    if outcome not in (Outcome.WORKED, Outcome.FAILED):
        raise Refused("OUTCOME_UNKNOWN", "Say that it worked or that it did not.")
    if not note.strip():
        raise Refused("NOTE_MISSING", "Write what you saw.")
    if decision.kind != Kind.DECISION or decision.corrects_id is not None:
        raise Refused("NO_DECISION", "This row is no decision.")
    before = TimelineEvent.objects.filter(corrects=decision, kind=Kind.DECISION).select_related("actor").first()
    if before is not None:
        raise Refused("ALREADY_ANSWERED", f"{before.actor or 'Somebody'} has answered this already.")
    if decision == unanswered(incident).first():
        obligations.meet(_CLOCK, incident.label, at=at)
    event = timeline.record(incident, Kind.DECISION, by=by, at=at, new=outcome, text=note.strip(), corrects=decision)
    _owe_next(incident, at=at)
    return event


@transaction.atomic
def waive(incident: Incident, *, reason: str, by: User, at: datetime) -> TimelineEvent:
    """Say why nobody need look back at the decision that the clock stands on; the next one takes its place."""
    incident = _locked(incident)
    decision = unanswered(incident).first()
    if decision is None or obligations.waive(_CLOCK, incident.label, by=by, at=at, reason=reason) is None:
        raise Refused("CLOCK_STOPPED", "This clock does not run any more.")
    event = timeline.record(
        incident, Kind.DECISION, by=by, at=at, new=Outcome.WAIVED, text=reason.strip(), corrects=decision
    )
    _owe_next(incident, at=at)
    return event


def unanswered(incident: Incident) -> "QuerySet[TimelineEvent]":
    """Decisions at which somebody still has to look back, the earliest look first."""
    answers = TimelineEvent.objects.filter(corrects=OuterRef("pk"), kind=Kind.DECISION)
    promised = incident.timeline.filter(kind=Kind.DECISION, check_back_at__isnull=False).filter(~Exists(answers))
    return promised.select_related("actor").order_by("check_back_at", "id")


def _owe_next(incident: Incident, *, at: datetime) -> None:
    decision = unanswered(incident).first()
    if decision is None or decision.check_back_at is None:
        return
    owner = decision.actor.username if decision.actor else ""
    obligations.owe(_CLOCK, incident.label, due_at=decision.check_back_at, at=at, owner=owner)


def _locked(incident: Incident) -> Incident:
    return Incident.objects.select_for_update().get(pk=incident.pk)
