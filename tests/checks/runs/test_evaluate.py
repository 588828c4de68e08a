"""What a result does to a state: table tests of a pure rule."""

import pytest

from checks.catalogue.states import State
from checks.runs.evaluate import Standing, Thresholds, next_standing

HEALTHY, UNHEALTHY, NO_DATA = State.HEALTHY, State.UNHEALTHY, State.INSUFFICIENT_DATA
RULE = Thresholds(fail_after=3, ok_after=2)


@pytest.mark.parametrize(
    ("before", "ok", "after"),
    [
        (Standing(HEALTHY, 0, 9), True, Standing(HEALTHY, 0, 10)),
        (Standing(HEALTHY, 0, 9), False, Standing(HEALTHY, 1, 0)),
        (Standing(HEALTHY, 2, 0), False, Standing(UNHEALTHY, 3, 0)),
        (Standing(HEALTHY, 2, 0), True, Standing(HEALTHY, 0, 1)),
        (Standing(UNHEALTHY, 3, 0), False, Standing(UNHEALTHY, 4, 0)),
        (Standing(UNHEALTHY, 3, 0), True, Standing(UNHEALTHY, 0, 1)),
        (Standing(UNHEALTHY, 0, 1), True, Standing(HEALTHY, 0, 2)),
        (Standing(UNHEALTHY, 0, 1), False, Standing(UNHEALTHY, 1, 0)),
        (Standing(NO_DATA, 0, 0), True, Standing(HEALTHY, 0, 1)),
        (Standing(NO_DATA, 0, 0), False, Standing(NO_DATA, 1, 0)),
        (Standing(NO_DATA, 2, 0), False, Standing(UNHEALTHY, 3, 0)),
        (Standing(State.BLOCKED, 0, 0), True, Standing(HEALTHY, 0, 1)),
        (Standing(State.PAUSED, 0, 0), False, Standing(State.PAUSED, 0, 0)),
    ],
)
def test_standing_after_one_more_result(before: Standing, ok: bool, after: Standing) -> None:
    assert next_standing(before, ok=ok, thresholds=RULE) == after


def test_one_in_a_row_flips_at_once() -> None:
    assert next_standing(Standing(HEALTHY, 0, 5), ok=False, thresholds=Thresholds(1, 1)).state is UNHEALTHY
