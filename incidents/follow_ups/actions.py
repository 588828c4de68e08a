"""What people do to a follow-up. Each change stands on the incident's timeline and in the audit log."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from incidents.follow_ups import states
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import State, Type
from incidents.ownership.models import require_handle
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard


@dataclass(frozen=True)
class Plan:
    """What somebody promises: the deed, what it is good for, who does it and by which day."""

    title: str
    type: str
    owner: str
    due_on: date


@transaction.atomic
def add(incident: Incident, plan: Plan, *, by: User, at: datetime) -> FollowUp:
    """Promise something that keeps this from happening again."""
    if plan.due_on < at.date():
        raise Refused("DUE_IN_PAST", "That day has passed. Choose a day to come.")
    follow_up = FollowUp(incident=incident, created_at=at, created_by=by, changed_at=at)
    _take(follow_up, plan)
    follow_up.save()
    return _record(follow_up, "add", old="", by=by, at=at)


@transaction.atomic
def change(follow_up: FollowUp, plan: Plan, *, seen: int, by: User, at: datetime) -> FollowUp:
    """Promise it otherwise. `seen` is the version the person edited; another one is a Conflict."""
    follow_up = _locked(follow_up)
    if follow_up.version != seen:
        raise Conflict("FOLLOW_UP_CHANGED", "Somebody else changed this follow-up while you were typing.")
    if follow_up.state != State.OPEN:
        raise Refused("FOLLOW_UP_STATE", f"It is {follow_up.get_state_display().lower()}. Only an open one changes.")
    before = _promise(follow_up)
    _take(follow_up, plan)
    if before == _promise(follow_up):
        return follow_up
    return _saved(follow_up, "change", old=State.OPEN, by=by, at=at, reason=f"was: {before}")


@transaction.atomic
def finish(follow_up: FollowUp, *, proof: str, retest_on: date | None, by: User, at: datetime) -> FollowUp:
    """It is done, and here is the proof. What is to prevent something also names the day on which it is tried again."""
    follow_up = _moved(follow_up, to=State.DONE)
    proof = proof.strip()
    guard.require_clean(proof)
    if not proof.startswith(("https://", "http://", "/")):
        raise Refused("PROOF_MISSING", "Give the proof as a link: https://… or an address of this portal.")
    if retest_on is None and follow_up.type == Type.PREVENTATIVE:
        raise Refused("RETEST_MISSING", "Say on which day you try whether it holds.")
    if retest_on is not None and retest_on < at.date():
        raise Refused("RETEST_IN_PAST", "The day of the re-test has passed. Choose a day to come.")
    follow_up.proof, follow_up.retest_on, follow_up.reason = proof, retest_on, ""
    return _saved(follow_up, "finish", old=State.OPEN, by=by, at=at)


@transaction.atomic
def verify(follow_up: FollowUp, *, by: User, at: datetime) -> FollowUp:
    """It was tried again and it holds."""
    return _saved(_moved(follow_up, to=State.VERIFIED), "verify", old=State.DONE, by=by, at=at)


@transaction.atomic
def drop(follow_up: FollowUp, *, reason: str, by: User, at: datetime) -> FollowUp:
    """It need not be done, and why."""
    follow_up = _moved(follow_up, to=State.DROPPED)
    follow_up.reason = guard.require_words(reason)
    return _saved(follow_up, "drop", old=State.OPEN, by=by, at=at, reason=follow_up.reason)


@transaction.atomic
def reopen(follow_up: FollowUp, *, reason: str, by: User, at: datetime) -> FollowUp:
    """It did not hold, or it is needed after all, and why."""
    old = _locked(follow_up).state
    follow_up = _moved(follow_up, to=State.OPEN)
    follow_up.reason = guard.require_words(reason)
    return _saved(follow_up, "reopen", old=old, by=by, at=at, reason=follow_up.reason)


def _locked(follow_up: FollowUp) -> FollowUp:
    return FollowUp.objects.select_for_update(of=("self",)).select_related("incident__domain").get(pk=follow_up.pk)


def _moved(follow_up: FollowUp, *, to: State) -> FollowUp:
    follow_up = _locked(follow_up)
    states.require(follow_up.state, to=to)
    follow_up.state = to
    return follow_up


def _take(follow_up: FollowUp, plan: Plan) -> None:
    if not plan.title.strip():
        raise Refused("TITLE_MISSING", "Say what is to be done.")
    guard.require_clean(plan.title)
    follow_up.title, follow_up.type = plan.title.strip()[:200], Type(plan.type)
    follow_up.owner, follow_up.due_on = plan.owner, plan.due_on
    require_handle(plan.owner)


def _promise(follow_up: FollowUp) -> str:
    return f"{follow_up.title}, {follow_up.type}, {follow_up.owner}, {follow_up.due_on}"


def _saved(follow_up: FollowUp, act: str, *, old: str, by: User, at: datetime, reason: str = "") -> FollowUp:
    follow_up.version += 1
    follow_up.changed_at = at
    follow_up.save()
    return _record(follow_up, act, old=old, by=by, at=at, reason=reason)


def _record(follow_up: FollowUp, act: str, *, old: str, by: User, at: datetime, reason: str = "") -> FollowUp:
    text = f"{follow_up.label} {follow_up.title}" + (f"\n{reason}" if reason else "")
    timeline.record(follow_up.incident, Kind.FOLLOW_UP, by=by, at=at, old=old, new=follow_up.state, text=text)
    audit.record(f"follow_up.{act}", by=by.username, object=f"{follow_up.incident.label} {follow_up.label}")
    return follow_up
