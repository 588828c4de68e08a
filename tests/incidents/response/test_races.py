"""Two operators at once: real connections, nothing lost."""

import os
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from incidents.response import actions, checklist, once, roles
from incidents.response.models import Incident, Seat
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from tests.incidents.cast import AT, domain, minutes, open_incident

pytestmark = pytest.mark.django_db(transaction=True)
# The promise is two hundred pairs; a few show most mistakes within a second.
PAIRS = 200 if os.environ.get("OPSPORTAL_FULL") else 10


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all in threads with connections of their own, from one starting line; results or what was raised."""
    results: list[object] = [None] * len(acts)
    line = Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            line.wait()
            results[place] = act()
        except Exception as failure:  # noqa: BLE001 - the test looks at it
            results[place] = failure
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def open_from_alert() -> Incident:
    return actions.open_from_alert(title="API does not answer", severity="SEV-2", domain=domain(), at=AT)


def test_posts_at_the_same_time_all_survive(responder, publisher):
    incident = open_incident(responder)
    before = incident.version

    def post(by: User, number: int) -> Callable[[], object]:
        return lambda: actions.post_note(incident, text=f"{by} {number}", by=by, at=minutes(number))

    for round_ in range(PAIRS):
        at_once(post(responder, round_), post(publisher, round_))

    rows = incident.timeline.filter(kind="note").values_list("text__body", flat=True)
    notes, as_written = list(rows.order_by("recorded_at", "id")), list(rows.order_by("id"))
    assert notes == as_written
    assert sorted(notes) == sorted(f"{by} {number}" for by in (responder, publisher) for number in range(PAIRS))
    assert [int(words.split()[1]) for words in notes] == sorted([*range(PAIRS), *range(PAIRS)])
    assert Incident.objects.get(pk=incident.pk).version == before + 2 * PAIRS


def test_of_two_severities_at_once_one_is_told_and_nothing_is_lost(responder, publisher):
    def change(incident: Incident, to: str, by: User) -> Callable[[], object]:
        return lambda: actions.change_severity(incident, to=to, reason=f"{by} says", by=by, at=AT, seen="SEV-2")

    for _ in range(PAIRS):
        incident = open_incident(responder)
        results = at_once(change(incident, "SEV-1", responder), change(incident, "SEV-3", publisher))

        (told,) = [one for one in results if isinstance(one, Exception)]
        assert isinstance(told, Conflict)
        assert told.code == "SEVERITY_CHANGED"
        assert incident.timeline.filter(kind="severity").count() == 1


def test_incidents_declared_at_the_same_time_have_numbers_without_gaps(responder):
    results = at_once(*[lambda: open_incident(responder) for _ in range(8)])

    assert sorted(one.number for one in results if isinstance(one, Incident)) == list(range(1, 9))


def test_of_two_moves_to_the_same_status_one_is_told(responder, publisher):
    incident = open_incident(responder)

    results = at_once(
        *[lambda by=by: actions.change_status(incident, to="identified", by=by, at=AT) for by in (responder, publisher)]
    )

    refused = [one for one in results if isinstance(one, Refused)]
    assert [one.code for one in refused] == ["STATUS_UNCHANGED"]
    assert incident.timeline.filter(kind="status").count() == 1


def test_of_two_who_acknowledge_the_second_reads_who_was_first(responder, publisher):
    for _ in range(5):
        incident = open_from_alert()

        results = at_once(
            *[lambda by=by: actions.acknowledge(incident, by=by, at=AT) for by in (responder, publisher)]  # noqa: B023
        )

        incident.refresh_from_db()
        (told,) = [one for one in results if isinstance(one, Refused)]
        assert told.sentence == f"{incident.acknowledged_by} has acknowledged it already."


def test_of_two_ticks_of_one_step_one_is_told(responder, publisher):
    step = open_incident(responder).checklist.get(position=0)

    results = at_once(*[lambda by=by: checklist.tick(step, by=by, at=AT) for by in (responder, publisher)])

    assert [one.code for one in results if isinstance(one, Refused)] == ["ALREADY_TICKED"]


def test_of_two_who_take_the_same_role_one_is_told(responder, publisher):
    incident = open_incident(responder)

    for role in ("communications", "scribe", "operations"):
        results = at_once(
            *[lambda by=by: roles.take(incident, role, by=by, at=AT) for by in (responder, publisher)]  # noqa: B023
        )
        assert [one.code for one in results if isinstance(one, Refused)] == ["ROLE_HELD"]

    assert [one.holder is not None for one in Seat.objects.filter(incident=incident)] == [True] * 4
    assert incident.timeline.filter(kind="role").count() == 4


def test_an_offer_is_accepted_or_withdrawn_and_never_both(responder, publisher):
    incident = open_incident(responder)

    for _ in range(10):
        roles.offer(incident, "commander", to=publisher, by=responder, at=AT)
        results = at_once(
            lambda: roles.accept(incident, "commander", by=publisher, at=AT),
            lambda: roles.withdraw(incident, "commander", by=responder, at=AT),
        )
        refused = [one.code for one in results if isinstance(one, Refused)]
        seat = Seat.objects.get(incident=incident, role="commander")
        assert (refused, seat.holder, seat.offered_to) in [
            (["NO_OFFER"], publisher, None),
            (["NOT_OFFERED"], responder, None),
        ]
        if seat.holder == publisher:
            roles.take_over(incident, "commander", reason="Once more", by=responder, at=AT)


def test_a_hand_over_and_a_take_over_at_the_same_time_leave_one_holder_and_the_whole_story(responder, publisher, admin):
    incident = open_incident(responder)
    roles.offer(incident, "commander", to=publisher, by=responder, at=AT)

    at_once(
        lambda: roles.accept(incident, "commander", by=publisher, at=AT),
        lambda: roles.take_over(incident, "commander", reason="Does not answer", by=admin, at=AT),
    )

    story = list(incident.timeline.filter(kind="role").order_by("id").values_list("old", "new"))
    assert [old for old, _ in story[1:]] == [new for _, new in story[:-1]]
    assert story[-1][1] == str(Seat.objects.get(incident=incident, role="commander"))


def test_two_clicks_open_one_room(responder):
    facts = {"title": "API is slow", "severity": "SEV-2", "nature": "standard", "mode": "standard"}

    def click() -> Incident:
        return once.declare(before=None, **facts, domain=domain(), by=responder, at=AT)

    first, second = at_once(click, click)

    assert isinstance(first, Incident) and first == second
    assert Incident.objects.count() == 1
