"""What a result does to a check's state: thresholds down and up, a minimum hold, flapping. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.catalogue.states import Rule, State

BAD, GOOD = "x", "."
# As many results as `recent` remembers.
REMEMBERED = 30
_SURE = (State.HEALTHY, State.UNHEALTHY)


@dataclass(frozen=True)
class Thresholds:
    """What it takes to go down and to come back.

    Down: `fail_after` in a row; or so many of the last `of_runs`; or so many that are `fail_share` per cent of all in
    the window. Up: `ok_after` in a row, and no longer down by its own rule; for a rate, at most `ok_share` per cent.
    """

    fail_after: int
    ok_after: int
    rule: Rule = Rule.CONSECUTIVE
    of_runs: int = 5
    fail_share: float = 50.0
    ok_share: float = 10.0
    hold: timedelta = timedelta(0)
    flap_turns: int = 0
    flap_within: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Share:
    """Failed runs among all of the rate's window, this one included."""

    bad: int
    runs: int

    @property
    def percent(self) -> float:
        return 100 * self.bad / self.runs if self.runs else 0.0


@dataclass(frozen=True)
class Standing:
    """A check's state with what led to it. `beneath` is the good or bad that a flapping check has just now."""

    state: State
    fails: int = 0
    passes: int = 0
    since: datetime | None = None
    recent: str = ""
    turns: tuple[datetime, ...] = ()
    beneath: State | None = None
    failing_since: datetime | None = None


def next_standing(
    now: Standing, *, ok: bool, at: datetime, thresholds: Thresholds, share: Share | None = None
) -> Standing:
    """The standing after one more result; a different `state` is a flip.

    A check without data believes its first good result, because nothing is to be taken back. Paused and blocked never
    move. Flapping begins with so many turns within its window and ends after a whole window without one.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> next_standing(Standing(State.HEALTHY, 2), ok=False, at=at, thresholds=Thresholds(3, 2)).state.value
    'unhealthy'
    """
    if now.state in (State.PAUSED, State.BLOCKED):
        return now
    counted = _counted(now, ok, at)
    lasting = now.beneath or now.state
    aimed = _aimed(lasting, counted, thresholds, share)
    if aimed is not lasting and lasting in _SURE and _is_held(now, at, thresholds.hold):
        aimed = lasting
    turns = _turns(now, at, thresholds, is_turn=aimed is not lasting and lasting in _SURE)
    if _is_flapping(now, turns, thresholds):
        return _since(now, replace(counted, state=State.FLAPPING, beneath=aimed, turns=turns), at)
    return _since(now, replace(counted, state=aimed, beneath=None, turns=turns), at)


def settled(now: Standing) -> Standing:
    """The same state with nothing counted: results before a silence do not add to those after it."""
    return replace(now, fails=0, passes=0, recent="", failing_since=None)


def _counted(now: Standing, ok: bool, at: datetime) -> Standing:
    recent = (now.recent + (GOOD if ok else BAD))[-REMEMBERED:]
    if ok:
        return replace(now, fails=0, passes=now.passes + 1, recent=recent, failing_since=None)
    return replace(now, fails=now.fails + 1, passes=0, recent=recent, failing_since=now.failing_since or at)


def _aimed(state: State, now: Standing, rule: Thresholds, share: Share | None) -> State:
    """Where the counts lead, whatever was held before."""
    if _is_bad(now, rule, share):
        return State.UNHEALTHY
    if not now.passes:
        return state
    is_back = now.passes >= rule.ok_after and (share is None or share.percent <= rule.ok_share)
    return State.HEALTHY if state is not State.UNHEALTHY or is_back else state


def _is_bad(now: Standing, rule: Thresholds, share: Share | None) -> bool:
    if rule.rule is Rule.K_OF_N:
        return now.recent[-rule.of_runs :].count(BAD) >= rule.fail_after
    if rule.rule is Rule.RATE:
        return share is not None and share.bad >= rule.fail_after and share.percent >= rule.fail_share
    return now.fails >= rule.fail_after


def _is_held(now: Standing, at: datetime, hold: timedelta) -> bool:
    since = now.turns[-1] if now.state is State.FLAPPING and now.turns else now.since
    return bool(hold) and since is not None and at - since < hold


def _turns(now: Standing, at: datetime, rule: Thresholds, *, is_turn: bool) -> tuple[datetime, ...]:
    """The turns of the window; as many as matter."""
    if not rule.flap_turns:
        return ()
    kept = tuple(one for one in now.turns if at - one < rule.flap_within)
    return (*kept, at)[-rule.flap_turns :] if is_turn else kept


def _is_flapping(now: Standing, turns: tuple[datetime, ...], rule: Thresholds) -> bool:
    if now.state is State.FLAPPING:
        return bool(turns)
    return 0 < rule.flap_turns <= len(turns)


def _since(before: Standing, after: Standing, at: datetime) -> Standing:
    return after if after.state is before.state else replace(after, since=at)
