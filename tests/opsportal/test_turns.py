"""A sweep's rows have their turn, whatever becomes of the one before."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from opsportal import turns


def test_one_that_fails_holds_up_no_other_and_the_first_failure_is_raised():
    done: list[int] = []

    def act(row: int) -> None:
        if row % 2:
            raise ValueError(f"row {row}")
        done.append(row)

    with pytest.raises(ValueError, match="row 1"):
        turns.each(range(5), act)

    assert done == [0, 2, 4]


def test_what_came_of_each_is_kept_in_order():
    assert turns.each((1, 2, 3), lambda row: row * row) == [1, 4, 9]


def test_a_worker_whose_time_is_over_stops_at_once():
    done: list[str] = []

    def over() -> None:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        turns.all_of(over, lambda: done.append("next"))

    assert done == []
