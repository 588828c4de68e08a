"""Where planned work stands at a moment, and what readers are told of it without anybody doing anything."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.statuspage import announced, windows
from incidents.statuspage.content import Stretch, Update
from incidents.statuspage.stretches import overlaid
from incidents.statuspage.windows import Window

NINE, TEN, ELEVEN, NOON = (datetime(2026, 12, 5, hour, tzinfo=UTC) for hour in (9, 10, 11, 12))
INSTANT = timedelta(microseconds=1)
PLAIN = Window(TEN, NOON)


@pytest.mark.parametrize(
    ("window", "at", "status"),
    [
        (PLAIN, TEN - INSTANT, "scheduled"),
        (PLAIN, TEN, "in_progress"),
        (PLAIN, NOON - INSTANT, "in_progress"),
        (PLAIN, NOON, "completed"),
        (Window(TEN, NOON, verifying_at=ELEVEN), ELEVEN - INSTANT, "in_progress"),
        (Window(TEN, NOON, verifying_at=ELEVEN), ELEVEN, "verifying"),
        (Window(TEN, NOON, verifying_at=ELEVEN), NOON, "completed"),
        (Window(TEN, NOON, ended_at=ELEVEN), ELEVEN - INSTANT, "in_progress"),
        (Window(TEN, NOON, ended_at=ELEVEN), ELEVEN, "completed"),
        (Window(TEN, NOON, cancelled_at=NINE), ELEVEN, "cancelled"),
    ],
)
def test_a_window_begins_and_ends_by_itself(window, at, status):
    assert window.status(at) == status
    assert window.covers(at) == (status in ("in_progress", "verifying"))


def told(window: Window, at: datetime, *said: Update) -> list[tuple[str, str]]:
    first = Update("notice000001", "scheduled", "The database moves.", NINE - timedelta(days=7), None)
    found = announced.updates("work00000001", window, [first, *said], components=[("api", "API")], at=at)
    return [(one.status, f"{one.affected[0].old_status} {one.affected[0].new_status}") for one in found]


USUAL, INTO, OUT, STAYS = (
    "operational operational",
    "operational under_maintenance",
    "under_maintenance operational",
    "under_maintenance under_maintenance",
)


def test_beginning_and_end_are_said_once_their_moment_has_passed():
    assert told(PLAIN, NINE) == [("scheduled", USUAL)]
    assert told(PLAIN, TEN) == [("in_progress", INTO), ("scheduled", USUAL)]
    assert told(PLAIN, NOON) == [("completed", OUT), ("in_progress", INTO), ("scheduled", USUAL)]


def test_who_ends_it_early_says_so_and_the_portal_adds_nothing():
    ended = Update("ended0000001", "completed", "Done already.", ELEVEN, None)

    assert [status for status, _ in told(Window(TEN, NOON, ended_at=ELEVEN), NOON, ended)] == [
        "completed",
        "in_progress",
        "scheduled",
    ]


def test_more_words_while_it_runs_move_no_component_again():
    more = Update("more00000001", "in_progress", "Half of it is done.", ELEVEN, None)

    assert told(PLAIN, ELEVEN, more)[:2] == [("in_progress", STAYS), ("in_progress", INTO)]


def test_a_cancelled_window_never_begins():
    cancelled = Update("cancel000001", "cancelled", "Not this time.", NINE, None)

    assert [status for status, _ in told(Window(TEN, NOON, cancelled_at=NINE), NOON, cancelled)] == [
        "cancelled",
        "scheduled",
    ]


def test_the_portals_own_sentences_keep_their_ids():
    first, again = (announced.updates("work00000001", PLAIN, [], components=[], at=at) for at in (TEN, ELEVEN))

    assert first == again
    assert len(first[0].public_id) == 12


@pytest.mark.parametrize(
    ("window", "at", "changed"),
    [
        (PLAIN, NINE, NINE),
        (PLAIN, ELEVEN, TEN),
        (PLAIN, NOON, NOON),
        (Window(TEN, NOON, cancelled_at=NINE), NOON, NINE),
    ],
)
def test_a_moment_of_the_window_is_a_change(window, at, changed):
    assert announced.last_change(window, NINE, at) == changed


WELL, DOWN, WORK = "operational", "major_outage", "under_maintenance"


@pytest.mark.parametrize(
    ("before", "end", "after"),
    [
        ([(WELL, NINE, None)], NOON, [(WELL, NINE, TEN), (WORK, TEN, NOON), (WELL, NOON, None)]),
        ([(WELL, NINE, None)], None, [(WELL, NINE, TEN), (WORK, TEN, None)]),
        # An outage that a person set stays one.
        (
            [(WELL, NINE, ELEVEN), (DOWN, ELEVEN, None)],
            NOON,
            [(WELL, NINE, TEN), (WORK, TEN, ELEVEN), (DOWN, ELEVEN, None)],
        ),
        ([(WELL, TEN, NOON), (DOWN, NOON, None)], NOON, [(WORK, TEN, NOON), (DOWN, NOON, None)]),
        # Nothing is known before eleven, and nothing is invented.
        ([(WELL, ELEVEN, None)], NOON, [(WORK, ELEVEN, NOON), (WELL, NOON, None)]),
        ([(WELL, NOON, None)], NOON, [(WELL, NOON, None)]),
        ([], NOON, []),
    ],
)  # fmt: skip
def test_a_window_lies_over_what_was_well(before, end, after):
    record = [Stretch(*one) for one in before]

    assert overlaid(record, status=WORK, start=TEN, end=end, over=(WELL,)) == tuple(Stretch(*one) for one in after)


def test_the_words_for_a_window_name_the_second_day_when_there_is_one():
    assert windows.in_words(TEN, NOON) == "5 Dec 2026, 10:00 to 12:00 UTC"
    assert windows.in_words(TEN, NOON + timedelta(days=1)) == "5 Dec 2026, 10:00 to 6 Dec 2026, 12:00 UTC"
