"""The one thing to do next, as a table."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from incidents.obligations.models import Obligation
from incidents.response import next_best
from incidents.response.next_best import Act
from tests.incidents.cast import AT, minutes


@dataclass(frozen=True)
class Clock:
    kind: str
    due_at: datetime


def clocks(**due: float) -> list[Clock]:
    return [Clock(kind, minutes(number)) for kind, number in due.items()]


OPEN, RESOLVED, CLOSED = (True, False), (False, False), (False, True)


@pytest.mark.parametrize(
    ("stands", "running", "steps", "act"),
    [
        (OPEN, clocks(acknowledge=0, first_public_update=15), 0, "acknowledge"),
        (OPEN, clocks(first_public_update=15), 9, "first_public_update"),
        (OPEN, clocks(public_update=-4, check_back=-9), 9, "check_back"),
        (OPEN, clocks(check_back=30, public_update=10), 0, "public_update"),
        (OPEN, [], 9, None),
        (RESOLVED, clocks(verification=60, postmortem=2880), 3, "verification"),
        (RESOLVED, clocks(verification=60, postmortem=2880, public_update=10), 3, "public_update"),
        (RESOLVED, clocks(postmortem=2880), 3, "checklist"),
        (RESOLVED, clocks(postmortem=-1), 3, "postmortem"),
        (RESOLVED, clocks(postmortem=-1, verification=-600), 3, "verification"),
        (RESOLVED, clocks(postmortem=2880), 0, "postmortem"),
        (RESOLVED, [], 1, "checklist"),
        (RESOLVED, [], 0, "close"),
        (CLOSED, [], 0, None),
        (CLOSED, [], 2, None),
        (CLOSED, clocks(postmortem=2880), 0, "postmortem"),
    ],
)
def test_the_most_overdue_thing_comes_first(stands, running, steps, act):
    found = next_best.of(running, at=AT, is_open=stands[0], is_closed=stands[1], open_steps=steps)

    assert (found.act if found else None) == act


def test_every_duty_can_be_next_and_has_words_and_a_button():
    elsewhere = ("weekly_review", "handover", "duty", "drill_step", "change_verification")
    beside = {Obligation.Kind(kind) for kind in elsewhere}
    of_incidents = set(Obligation.Kind) - beside
    assert {one.value for one in of_incidents} <= {one.value for one in Act}
    for act in Act:
        found = next_best.Next(act)
        assert found.words
        assert found.verb
        assert found.url_name.startswith("incidents:")
