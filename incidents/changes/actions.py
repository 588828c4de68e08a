"""Tell of a change, and of what became of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.changes import freezes, preflight, queries, states, verification
from incidents.changes.freezes import freeze, unfreeze
from incidents.changes.models import Change, ChangeStep, artifact_validator
from incidents.changes.states import NAMES_ARTIFACT, Kind, Result, Source
from incidents.ownership.models import Domain
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import ApiToken, User
from opsportal.privacy import guard

__all__ = ["Facts", "Teller", "fail", "freeze", "record", "roll_back", "start", "succeed", "unfreeze"]

# The clock of a pipeline may be a little ahead of ours.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Facts:
    """What somebody tells of a change. Without times it begins, or ends, now; `domain` None is the whole house."""

    kind: str
    what: str
    domain: Domain | None
    artifact: str = ""
    ticket: str = ""
    result: str = Result.SUCCEEDED
    started_at: datetime | None = None
    finished_at: datetime | None = None
    override: str = ""
    takes_back: Change | None = None


@dataclass(frozen=True)
class Teller:
    """Who tells it and by which door; nobody in particular in the shell."""

    user: User | None
    source: str = Source.WEB
    token: ApiToken | None = None

    @property
    def name(self) -> str:
        return self.user.username if self.user else "shell"


@transaction.atomic
def record(facts: Facts, *, by: Teller, at: datetime) -> Change:
    """Tell of a change: one to come, one that runs, or one that is over. A freeze refuses it without `override`."""
    change = Change(
        kind=_kind(facts.kind),
        what=_what(facts.what),
        domain=facts.domain,
        artifact=_artifact(facts),
        ticket=_ticket(facts.ticket),
        result=_result(facts.result),
        source=by.source,
        recorded_at=at,
        recorded_by=by.user,
        token=by.token,
        takes_back=_taken_back(facts),
    )
    started, finished = _times(facts, at)
    change.started_at, change.finished_at = started.astimezone(UTC), finished and finished.astimezone(UTC)
    _pass_freeze(change, facts.override)
    change.save()
    _step(change, by=by, at=at, note="")
    if change.override:
        _audit(change, "override", by=by, reason=change.override)
    if change.result == Result.PLANNED:
        preflight.begin(change)
    _took_effect(change, by=by, at=at)
    return change


@transaction.atomic
def start(change: Change, *, override: str = "", by: Teller, at: datetime) -> Change:
    """A planned one begins now, unless a freeze or a missing signature holds it up; `override` says why it must."""
    change = _moved(change, to=Result.RUNNING)
    change.started_at = at
    passed = change.override
    _pass_freeze(change, override or passed)
    if preflight.require_signed(change, override=override):
        change.override = _clean(override)
    if change.override != passed:
        _audit(change, "override", by=by, reason=change.override)
    return _saved(change, "start", by=by, at=at)


@transaction.atomic
def succeed(change: Change, *, note: str = "", by: Teller, at: datetime) -> Change:
    """It is in production and works."""
    change = _moved(change, to=Result.SUCCEEDED)
    change.finished_at = at
    change = _saved(change, "succeed", by=by, at=at, note=_clean(note))
    _took_effect(change, by=by, at=at)
    return change


@transaction.atomic
def fail(change: Change, *, note: str, by: Teller, at: datetime) -> Change:
    """It did not work, or a planned one will not take place; and why."""
    change = _moved(change, to=Result.FAILED)
    change.started_at, change.finished_at = min(change.started_at, at), at
    return _saved(change, "fail", by=by, at=at, note=guard.require_words(note))


@transaction.atomic
def roll_back(change: Change, *, note: str, by: Teller, at: datetime) -> Change:
    """It was taken back; and why. Its version is no longer a good one."""
    change = _moved(change, to=Result.ROLLED_BACK)
    change.finished_at = change.finished_at or at
    verification.let_go(change, at=at)
    return _saved(change, "roll_back", by=by, at=at, note=guard.require_words(note))


def _took_effect(change: Change, *, by: Teller, at: datetime) -> None:
    """What follows when it is in production: it is to be verified, and what a rollback undid is no good version."""
    if change.result != Result.SUCCEEDED:
        return
    verification.owe(change, at=at)
    for undone in queries.undone_by(change):
        roll_back(undone, note=f"{change.label}: {change.what}", by=by, at=at)


def _moved(change: Change, *, to: Result) -> Change:
    change = Change.objects.select_for_update(of=("self",)).select_related("domain").get(pk=change.pk)
    states.require(change.result, to=to)
    change.result = to
    return change


def _saved(change: Change, act: str, *, by: Teller, at: datetime, note: str = "") -> Change:
    change.save()
    _step(change, by=by, at=at, note=note)
    _audit(change, act, by=by, reason=note)
    return change


def _step(change: Change, *, by: Teller, at: datetime, note: str) -> None:
    ChangeStep.objects.create(change=change, result=change.result, at=at, by=by.user, source=by.source, note=note)


def _audit(change: Change, act: str, *, by: Teller, reason: str) -> None:
    audit.record(f"change.{act}", by=by.name, object=change.label, reason=reason)


def _pass_freeze(change: Change, override: str) -> None:
    """Keep the reason only where there was a freeze to override."""
    override = _clean(override)
    is_held = freezes.require_open(change.kind, change.domain, moment=change.started_at, override=override)
    change.override = override if is_held else change.override


def _times(facts: Facts, at: datetime) -> tuple[datetime, datetime | None]:
    result = Result(facts.result)
    started, finished = facts.started_at or facts.finished_at or at, facts.finished_at
    if result == Result.PLANNED:
        if finished is not None:
            raise Refused("TIMES_WRONG", "What is planned has not ended. Leave the end empty.")
        return started, None
    if max(started, finished or started) > at + _AHEAD:
        raise Refused("TIME_TO_COME", "That time has not come yet. Only what is planned begins later.")
    started = min(started, at)
    if not result.has_ended:
        if finished is not None:
            raise Refused("TIMES_WRONG", "What runs has not ended. Leave the end empty, or say how it ended.")
        return started, None
    finished = min(finished or at, at)
    if finished < started:
        raise Refused("TIMES_WRONG", "It cannot end before it begins.")
    return started, finished


def _taken_back(facts: Facts) -> Change | None:
    undone = facts.takes_back
    if undone is None:
        return None
    if facts.kind != Kind.ROLLBACK:
        raise Refused("TAKES_NOTHING_BACK", "Only a rollback reverts another change.")
    if undone.result == Result.PLANNED or undone.domain != facts.domain:
        raise Refused("TAKES_NOTHING_BACK", f"{undone.label} has not begun, or is of another domain.")
    return undone


def _kind(word: str) -> Kind:
    if word not in set(Kind):
        raise Refused("KIND_UNKNOWN", f"A change is one of {', '.join(Kind)}.")
    return Kind(word)


def _result(word: str) -> Result:
    if word not in set(Result):
        raise Refused("RESULT_UNKNOWN", f"A result is one of {', '.join(Result)}.")
    return Result(word)


def _what(text: str) -> str:
    return guard.require_words(text, "Say what is changed.", "WHAT_MISSING")[:160]


def _artifact(facts: Facts) -> str:
    artifact = _clean(facts.artifact)
    undone = facts.takes_back
    if not artifact and facts.kind in NAMES_ARTIFACT and (undone is None or undone.kind in NAMES_ARTIFACT):
        raise Refused("ARTIFACT_MISSING", "Name the version: the last known good one is found by it.")
    if artifact:
        try:
            artifact_validator(artifact)
        except ValidationError as wrong:
            raise Refused("ARTIFACT_WRONG", " ".join(wrong.messages)) from wrong
    return artifact


def _ticket(address: str) -> str:
    address = _clean(address)
    if address and (not address.startswith("https://") or len(address) > 300 or any(map(str.isspace, address))):
        raise Refused("TICKET_WRONG", "A ticket is a link that begins with https://.")
    return address


def _clean(text: str) -> str:
    guard.require_clean(text)
    return text.strip()
