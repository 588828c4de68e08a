"""What one result does to its check, given what else is known: the row moved on, its counts, perhaps a flip."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from checks.catalogue import window
from checks.catalogue.models import Check
from checks.catalogue.states import Rule, State
from checks.probes.outcome import Outcome
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.runs import circumstances
from checks.runs.batch import Result
from checks.runs.circumstances import PATIENCE, Around, Worth
from checks.runs.evaluate import Standing, Thresholds, next_standing, settled
from checks.runs.models import FLAPPING, NO_DATA, Flip
from checks.runs.surroundings import Surroundings

# A check that waits for a witness looks again this soon, however long its period is.
_AGAIN = timedelta(seconds=5)


@dataclass
class Applied:
    """What a batch came to."""

    counts: list[Counts] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    # Which checks shall run when: witnesses that have to be heard, and who waits for them.
    sooner: dict[int, datetime] = field(default_factory=dict)

    def run_sooner(self, check_id: int, due: datetime) -> None:
        """By that moment, or sooner where somebody else asked for that."""
        self.sooner[check_id] = min(due, self.sooner.get(check_id, due))


def apply(checks: list[Check], found: Mapping[int, Result], beside: Surroundings) -> Applied:
    """Move every check of a batch on; canaries and parents before those that depend on their word."""
    applied, waiting = Applied(), {check.pk: check for check in checks}
    for check in sorted(checks, key=lambda one: not one.is_canary):
        _with_parents(check, waiting, found, beside, applied)
    return applied


def _with_parents(
    check: Check, waiting: dict[int, Check], found: Mapping[int, Result], beside: Surroundings, applied: Applied
) -> None:
    if waiting.pop(check.pk, None) is None:
        return
    if check.parent_id in waiting:
        _with_parents(waiting[check.parent_id], waiting, found, beside, applied)
    _one(check, found[check.pk].outcome, beside, applied)


def _one(check: Check, outcome: Outcome | None, beside: Surroundings, applied: Applied) -> None:
    around, at = beside.around(check, outcome), beside.at
    worth = circumstances.worth(around, ok=outcome is None or outcome.ok or not outcome.has_data, at=at)
    applied.counts.append(_counts(check, outcome, worth, at))
    check.lease_token = check.lease_until = None
    if outcome is None:
        return
    before = standing(check)
    if not outcome.has_data:
        _lose_data(check, before, worth, applied, at)
        return
    if not outcome.ok and worth in (Worth.UNKNOWN, Worth.FULL):
        _hear_again(check, around, applied, at)
    if worth is not Worth.UNKNOWN:
        _remember(check, outcome, at)
    if worth is not Worth.FULL:
        # What failed before must not add to what fails afterwards: that would be a false alarm.
        _put(check, settled(before))
        check.waits_since = None
        return
    share = beside.share(check, ok=outcome.ok)
    after = next_standing(before, ok=outcome.ok, at=at, thresholds=thresholds(check), share=share)
    after = _heard_out(check, before, after, around, applied, at)
    _put(check, after)
    if after.state is not before.state:
        applied.flips.append(_flip(check, before, after, at))


def _lose_data(check: Check, before: Standing, worth: Worth, applied: Applied, at: datetime) -> None:
    """Green no longer, as soon as the target says that it knows too little; red stays, since nobody saw it end."""
    after = settled(before)
    if worth is Worth.FULL and before.state is State.HEALTHY:
        after = replace(after, state=State.INSUFFICIENT_DATA, since=at)
        flip = Flip(check_ref=check, at=at, old=before.state, new=after.state, reason=NO_DATA, processed_at=at)
        applied.flips.append(flip)
    _put(check, after)
    check.waits_since = None


def _counts(check: Check, outcome: Outcome | None, worth: Worth, at: datetime) -> Counts:
    if worth is Worth.PLANNED:
        return Counts(check.pk, at.replace(second=0, microsecond=0), expected=1, maint=1)
    return buckets.counts_of(check.pk, at, outcome if worth is Worth.FULL else None)


def _remember(check: Check, outcome: Outcome, at: datetime) -> None:
    check.last_run_at, check.last_ok = at, outcome.ok
    check.last_error = outcome.error.value if outcome.error else ""
    check.last_latency_ms, check.last_value = outcome.latency_ms, outcome.value


def _heard_out(
    check: Check, before: Standing, after: Standing, around: Around, applied: Applied, at: datetime
) -> Standing:
    """Nobody is woken for a child or for our own network: those who can vouch are heard first, a minute at most."""
    was_bad = before.state in (State.UNHEALTHY, State.FLAPPING)
    if was_bad or after.state not in (State.UNHEALTHY, State.FLAPPING) or after.failing_since is None:
        check.waits_since = None
        return after
    awaited = circumstances.to_await(around, failing_since=after.failing_since)
    check.waits_since = (check.waits_since or at) if awaited else None
    if check.waits_since is None or at - check.waits_since >= PATIENCE:
        check.waits_since = None
        return after
    for one in awaited:
        if one.wants_asking(at):
            applied.run_sooner(one.check_id, at)
    applied.run_sooner(check.pk, at + _AGAIN)
    return replace(after, state=before.state, beneath=before.beneath, turns=before.turns, since=before.since)


def _hear_again(check: Check, around: Around, applied: Applied, at: datetime) -> None:
    """A bad word is not believed for long: a canary says it again, whom a parent excused is judged in a minute."""
    for check_id in circumstances.to_hear_again(around, at):
        applied.run_sooner(check_id, at)
    parent = around.parent
    if parent is not None and parent.decided_by is not None and circumstances.is_undecided(parent, at):
        applied.run_sooner(check.pk, parent.decided_by + _AGAIN)


def standing(check: Check) -> Standing:
    """The check's row as the pure rule sees it."""
    return Standing(
        State(check.state),
        check.consecutive_fail,
        check.consecutive_ok,
        check.state_since,
        check.recent,
        tuple(datetime.fromtimestamp(one, UTC) for one in check.turns),
        State(check.beneath) if check.beneath else None,
        check.failing_since,
    )


def thresholds(check: Check) -> Thresholds:
    return Thresholds(
        window.failures_of(check) if check.rule == Rule.RATE else check.fail_after,
        check.ok_after,
        Rule(check.rule),
        check.of_runs,
        check.fail_share,
        check.ok_share,
        timedelta(seconds=check.hold_seconds),
        check.flap_turns,
        timedelta(minutes=check.flap_minutes),
    )


def _put(check: Check, after: Standing) -> None:
    check.state, check.state_since = after.state, after.since or check.state_since
    check.consecutive_fail, check.consecutive_ok, check.recent = after.fails, after.passes, after.recent
    check.turns = [one.timestamp() for one in after.turns]
    check.beneath = after.beneath.value if after.beneath else ""
    check.failing_since = after.failing_since


def _flip(check: Check, before: Standing, after: Standing, at: datetime) -> Flip:
    reason = FLAPPING if after.state is State.FLAPPING else check.last_error
    failures = len(after.turns) if after.state is State.FLAPPING else after.fails
    return Flip(check_ref=check, at=at, old=before.state, new=after.state, reason=reason, failures=failures)
