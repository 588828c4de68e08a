"""The rules of one way out: closed after five failures, one try at a time, a budget with a reserve for people."""

from datetime import UTC, datetime, timedelta

from opsportal.outbox.circuit import Way, admit, failed, succeeded, tried_now

AT = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def after_failures(count: int, way: Way | None = None) -> Way:
    way = way or Way()
    for _ in range(count):
        way = failed(way, error="timeout", at=AT)
    return way


def test_the_fifth_failure_in_a_row_opens_the_circuit():
    assert not after_failures(4).is_open(AT)
    assert after_failures(5).is_open(AT)
    assert admit(after_failures(5), at=AT, is_written=True) is None


def test_after_the_pause_one_message_at_a_time_tries():
    way = after_failures(5)

    first = admit(way, at=AT + MINUTE, is_written=False)

    assert first is not None
    assert admit(first, at=AT + MINUTE, is_written=False) is None
    assert admit(first, at=AT + 3 * MINUTE, is_written=False) is not None


def test_a_failed_trial_doubles_the_pause_up_to_a_quarter_of_an_hour():
    way, at, pauses = after_failures(5), AT, []
    for _ in range(6):
        assert way.open_until is not None
        pauses.append((way.open_until - at).total_seconds() / 60)
        at = way.open_until
        way = failed(way, error="timeout", at=at)

    assert pauses == [1, 2, 4, 8, 15, 15]


def test_a_good_answer_closes_it_again():
    way = succeeded(after_failures(5), at=AT + MINUTE)

    assert (way.failures, way.open_until, way.last_error) == (0, None, "")


def test_what_is_the_messages_own_fault_opens_nothing():
    way = Way()
    for _ in range(20):
        way = failed(way, error="recipient", at=AT)

    assert way.failures == 0


def test_a_receiver_that_asks_for_a_pause_gets_it_up_to_an_hour():
    way = failed(Way(), error="rate_limited", at=AT, asked_to_wait=timedelta(hours=9))

    assert way.open_until == AT + timedelta(hours=1)
    assert way.failures == 0


def test_a_fifth_of_the_budget_is_kept_for_what_people_wrote():
    way, machine, written = Way(per_minute=10), 0, 0
    while (admitted := admit(way, at=AT, is_written=False)) is not None:
        way, machine = admitted, machine + 1
    while (admitted := admit(way, at=AT, is_written=True)) is not None:
        way, written = admitted, written + 1

    assert (machine, written) == (8, 2)
    assert admit(way, at=AT + MINUTE, is_written=False) is not None


def test_a_person_may_ask_for_a_trial_at_once():
    way = tried_now(after_failures(5), at=AT)

    assert admit(way, at=AT, is_written=False) is not None
