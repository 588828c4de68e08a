"""What a result does to a check's state: consecutive failures and passes against two thresholds. Pure."""

from dataclasses import dataclass

from checks.catalogue.states import State


@dataclass(frozen=True)
class Thresholds:
    """How many results in a row it takes to go down and to come back."""

    fail_after: int
    ok_after: int


@dataclass(frozen=True)
class Standing:
    """A check's state with the results in a row that led to it."""

    state: State
    fails: int
    passes: int


def next_standing(now: Standing, *, ok: bool, thresholds: Thresholds) -> Standing:
    """The standing after one more result; a different `state` is a flip.

    A check without data believes its first good result, because nothing is to be taken back. Paused never moves.

    >>> next_standing(Standing(State.HEALTHY, 2, 0), ok=False, thresholds=Thresholds(3, 2)).state.value
    'unhealthy'
    """
    if now.state is State.PAUSED:
        return now
    fails, passes = (0, now.passes + 1) if ok else (now.fails + 1, 0)
    return Standing(_state_after(now.state, fails, passes, thresholds), fails, passes)


def _state_after(state: State, fails: int, passes: int, thresholds: Thresholds) -> State:
    if fails >= thresholds.fail_after:
        return State.UNHEALTHY
    if passes and (state is not State.UNHEALTHY or passes >= thresholds.ok_after):
        return State.HEALTHY
    return state
