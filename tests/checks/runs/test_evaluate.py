"""What a result does to a state: table tests of a pure rule, one table for each way of going down."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.catalogue.states import Rule, State
from checks.runs.evaluate import Share, Standing, Thresholds, next_standing, settled

HEALTHY, UNHEALTHY, NO_DATA, FLAPPING = State.HEALTHY, State.UNHEALTHY, State.INSUFFICIENT_DATA, State.FLAPPING
AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Thresholds(fail_after=3, ok_after=2)


def after(now: Standing, results: str, rule: Thresholds, *, every: timedelta = MINUTE) -> list[str]:
    """The state after each result; "x" failed, "." passed, one every minute."""
    seen = []
    for number, one in enumerate(results):
        now = next_standing(now, ok=one == ".", at=AT + number * every, thresholds=rule)
        seen.append({HEALTHY: "H", UNHEALTHY: "U", NO_DATA: "?", FLAPPING: "F"}[now.state])
    return seen


@pytest.mark.parametrize(
    ("before", "ok", "state", "fails", "passes"),
    [
        (Standing(HEALTHY, 0, 9), True, HEALTHY, 0, 10),
        (Standing(HEALTHY, 0, 9), False, HEALTHY, 1, 0),
        (Standing(HEALTHY, 2, 0), False, UNHEALTHY, 3, 0),
        (Standing(HEALTHY, 2, 0), True, HEALTHY, 0, 1),
        (Standing(UNHEALTHY, 3, 0), False, UNHEALTHY, 4, 0),
        (Standing(UNHEALTHY, 3, 0), True, UNHEALTHY, 0, 1),
        (Standing(UNHEALTHY, 0, 1), True, HEALTHY, 0, 2),
        (Standing(UNHEALTHY, 0, 1), False, UNHEALTHY, 1, 0),
        (Standing(NO_DATA, 0, 0), True, HEALTHY, 0, 1),
        (Standing(NO_DATA, 0, 0), False, NO_DATA, 1, 0),
        (Standing(NO_DATA, 2, 0), False, UNHEALTHY, 3, 0),
    ],
)
def test_results_in_a_row(before: Standing, ok: bool, state: State, fails: int, passes: int) -> None:
    found = next_standing(before, ok=ok, at=AT, thresholds=RULE)

    assert (found.state, found.fails, found.passes) == (state, fails, passes)
    assert found.since == (AT if state is not before.state else None)


@pytest.mark.parametrize("state", [State.PAUSED, State.BLOCKED])
def test_paused_and_blocked_never_move(state: State) -> None:
    assert next_standing(Standing(state), ok=False, at=AT, thresholds=Thresholds(1, 1)) == Standing(state)


@pytest.mark.parametrize(
    ("results", "states"),
    [
        ("x.x.x", "HHHHU"),  # three of five, never two in a row
        ("x..x..x", "HHHHHHH"),  # two of five at most
        ("xxx.", "HHUU"),
        ("xxx..", "HHUUU"),  # three of the last five still failed
        ("xxx...", "HHUUUH"),
        ("xxx..x.", "HHUUUUU"),  # two of the last five now, but not two good ones in a row
    ],
)
def test_so_many_of_the_last_runs(results: str, states: str) -> None:
    rule = Thresholds(3, 2, Rule.K_OF_N, of_runs=5)

    assert "".join(after(Standing(HEALTHY), results, rule)) == states


RATE = Thresholds(3, 2, Rule.RATE, fail_share=50, ok_share=10)


@pytest.mark.parametrize(
    ("before", "ok", "share", "state"),
    [
        (Standing(HEALTHY), False, Share(4, 10), HEALTHY),
        (Standing(HEALTHY), False, Share(5, 10), UNHEALTHY),
        (Standing(HEALTHY), False, Share(2, 2), HEALTHY),  # a share of almost nothing is none
        (Standing(HEALTHY), True, Share(5, 10), UNHEALTHY),  # the share decides, not the last result
        (Standing(UNHEALTHY, 0, 3), True, Share(3, 10), UNHEALTHY),  # between the two thresholds it stays
        (Standing(UNHEALTHY, 0, 3), True, Share(1, 10), HEALTHY),
        (Standing(UNHEALTHY, 1, 0), True, Share(1, 10), UNHEALTHY),
        (Standing(NO_DATA), True, Share(0, 1), HEALTHY),
    ],
)
def test_a_share_of_the_last_minutes(before: Standing, ok: bool, share: Share, state: State) -> None:
    assert next_standing(before, ok=ok, at=AT, thresholds=RATE, share=share).state is state


@pytest.mark.parametrize(("seconds_since", "state"), [(30, UNHEALTHY), (59, UNHEALTHY), (60, HEALTHY), (600, HEALTHY)])
def test_a_state_is_held_for_its_least_time(seconds_since: int, state: State) -> None:
    since = AT - timedelta(seconds=seconds_since)
    rule = Thresholds(1, 1, hold=MINUTE)

    assert next_standing(Standing(UNHEALTHY, 1, since=since), ok=True, at=AT, thresholds=rule).state is state


def test_what_was_held_turns_with_the_next_result_after_it() -> None:
    assert after(Standing(HEALTHY), "x...", Thresholds(1, 1, hold=2 * MINUTE)) == ["U", "U", "H", "H"]


FLAPS = Thresholds(1, 1, flap_turns=4, flap_within=10 * MINUTE)


@pytest.mark.parametrize(
    ("results", "states"),
    [
        ("x.x", "UHU"),
        ("x.x.", "UHUF"),
        ("x.x.x.x.", "UHUFFFFF"),
        ("x.x.........", "UHUFFFFFFFFF"),  # calm for nine minutes
        ("x.x..........", "UHUFFFFFFFFFF"),
        ("x.x...........", "UHUFFFFFFFFFFH"),  # the last turn is ten minutes old
        ("x.x.xxxxxxxxxxx", "UHUFFFFFFFFFFFU"),
        ("x........x........x", "UHHHHHHHHUHHHHHHHHU"),  # too slow to flap
    ],
)
def test_flapping_begins_with_many_turns_and_ends_with_a_window_of_calm(results: str, states: str) -> None:
    assert "".join(after(Standing(HEALTHY), results, FLAPS)) == states


def test_a_flapping_check_keeps_what_stands_beneath_and_as_many_turns_as_matter() -> None:
    now = Standing(HEALTHY)
    for number, one in enumerate("x.x.x.x.x"):
        now = next_standing(now, ok=one == ".", at=AT + number * MINUTE, thresholds=FLAPS)

    assert (now.state, now.beneath, len(now.turns)) == (FLAPPING, UNHEALTHY, 4)
    assert now.since == AT + 3 * MINUTE


def test_without_a_number_of_turns_nothing_flaps() -> None:
    assert set(after(Standing(HEALTHY), "x." * 20, Thresholds(1, 1))) == {"H", "U"}


def test_a_believed_first_result_is_no_turn() -> None:
    now = next_standing(Standing(NO_DATA), ok=True, at=AT, thresholds=FLAPS)

    assert (now.state, now.turns) == (HEALTHY, ())


def test_settling_forgets_the_counts_and_keeps_the_state() -> None:
    now = Standing(UNHEALTHY, 2, 0, AT, "..xx", (AT,), None, AT)

    assert settled(now) == Standing(UNHEALTHY, 0, 0, AT, "", (AT,))
