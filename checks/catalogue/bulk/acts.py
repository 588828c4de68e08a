"""What can be done to many checks: a table of the acts that each check knows alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from checks.catalogue import actions
from checks.catalogue.models import Check
from checks.catalogue.states import State
from incidents.alerts import mutes
from incidents.ownership.models import Domain
from opsportal.models import User
from opsportal.roles import Role


@dataclass(frozen=True)
class Given:
    """What a person said beside the choice; each act reads its own."""

    until: datetime | None = None
    reason: str = ""
    domain: Domain | None = None
    is_daily: bool | None = None


@dataclass(frozen=True)
class Act:
    """One act: who may, which checks cannot, and what is done to each other one."""

    slug: str
    # Pause … 12 checks: paused.
    verb: str
    rest: str
    done: str
    role: Role
    means: str
    cannot: Callable[[Check], str]
    apply: Callable[[Check, Given, User, datetime], object]
    # What runs next is due at once, so the worker is woken once for all.
    wakes: bool = False
    # Ends alerts, so all that it touches is held before the first: docs/decisions/0032.
    ends_alerts: bool = False

    def title(self, number: int) -> str:
        """Move 12 checks to another domain."""
        return f"{self.verb} {number:,} check{'' if number == 1 else 's'}{self.rest}"

    def outcome(self, number: int) -> str:
        """12 checks are paused."""
        return f"{number:,} check{' is' if number == 1 else 's are'} {self.done}"


def _pause(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.pause(check, by=by, at=at, until=given.until, reason=given.reason)


def _resume(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.let_run(check, by=by, at=at)


def _run(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.make_due(check, by=by, at=at)


def _mute(check: Check, given: Given, by: User, at: datetime) -> None:
    assert given.until is not None
    mutes.mute(dedup_key=check.dedup_key, until=given.until, reason=given.reason, by=by, at=at)


def _hear(check: Check, given: Given, by: User, at: datetime) -> None:
    for one in mutes.of([check], at):
        if one.dedup_key == check.dedup_key:  # the whole domain's is not this check's to end
            mutes.end(one, by=by, at=at)


def _move(check: Check, given: Given, by: User, at: datetime) -> None:
    assert given.domain is not None
    actions.move_to(check, domain=given.domain, by=by)


def _set_daily(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.set_daily(check, is_daily=bool(given.is_daily), by=by)


def _archive(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.archive(check, by=by, at=at)


def _take_back(check: Check, given: Given, by: User, at: datetime) -> None:
    actions.take_back(check, by=by)


def _none(check: Check) -> str:
    return "is archived" if check.archived_at else ""


def _not_paused(check: Check) -> str:
    return _none(check) or ("is paused already" if check.state == State.PAUSED else "")


def _paused(check: Check) -> str:
    return _none(check) or ("is not paused" if check.state != State.PAUSED else "")


def _running(check: Check) -> str:
    return _none(check) or ("is paused, so it has no next run" if check.state == State.PAUSED else "")


def _others(check: Check) -> str:
    return "is archived already" if check.archived_at else "is the portal's own" if check.is_own else ""


def _archived(check: Check) -> str:
    return "" if check.archived_at else "is not archived"


ACTS = {
    act.slug: act
    for act in (
        Act(
            "pause", "Pause", "", "paused", Role.RESPONDER,
            "None of them runs or can fail meanwhile. An alert that fires now stays as it is.",
            _not_paused, _pause,
        ),
        Act(
            "resume", "Resume", "", "running again", Role.RESPONDER,
            "Each runs at once, and has no data until its first result.",
            _paused, _resume, wakes=True,
        ),
        Act(
            "run", "Run", " now", "due now", Role.RESPONDER,
            "Each runs once as soon as a worker is free; the runs after it stay where they are.",
            _running, _run, wakes=True,
        ),
        Act(
            "mute", "Mute", "", "muted", Role.RESPONDER,
            "New alerts are listed but page nobody until the mute ends. What fires already stays in its incident.",
            _none, _mute,
        ),
        Act(
            "hear", "Unmute", "", "unmuted", Role.RESPONDER,
            "Their mutes end now, and what still fires opens an incident within a minute. A domain's mute stays.",
            _none, _hear,
        ),
        Act(
            "move", "Move", " to another domain", "moved", Role.ADMIN,
            "The other domain's people own them from then on and are told. What fires already stays in its room.",
            _none, _move,
        ),
        Act(
            "daily", "Mark", " for the daily report", "marked", Role.ADMIN,
            "What the daily report (ops_daily) counts changes with its next run.",
            _none, _set_daily,
        ),
        Act(
            "archive", "Archive", "", "archived", Role.ADMIN,
            "None of them runs, and only the list of archived checks shows them. Their history stays, alerts that fire "
            "end as not seen to recover, and each can be restored.",
            _others, _archive, ends_alerts=True,
        ),
        Act(
            "take-back", "Restore", "", "restored, and paused", Role.ADMIN,
            "They are in the list again, and stay paused until somebody resumes them.",
            _archived, _take_back,
        ),
    )
}  # fmt: skip
