"""Owe, meet, waive: one running clock of a kind a subject."""

import pytest

from incidents.obligations import actions, queries
from incidents.obligations.models import Obligation
from opsportal.errors import Refused
from tests.incidents.cast import AT, SECRET, minutes
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db


def owe(due: int = 15, kind: str = "public_update", subject: str = "INC-1") -> Obligation:
    return actions.owe(kind, subject, due_at=minutes(due), at=AT, owner="@a")


def test_owing_twice_keeps_one_clock_and_the_later_word_about_its_time():
    first, second = owe(15), owe(30)

    assert first == second
    assert Obligation.objects.get().due_at == minutes(30)


def test_what_was_met_may_be_owed_again():
    owe()
    actions.meet("public_update", "INC-1", at=minutes(5))

    owe(60)

    assert list(Obligation.objects.order_by("id").values_list("met_at", flat=True)) == [minutes(5), None]


def test_meeting_twice_or_what_does_not_run_is_harmless():
    owe()

    assert actions.meet("public_update", "INC-1", at=minutes(1)) is not None
    assert actions.meet("public_update", "INC-1", at=minutes(2)) is None
    assert Obligation.objects.get().met_at == minutes(1)


@pytest.mark.parametrize(
    ("reason", "code"), [("", "REASON_MISSING"), (" ", "REASON_MISSING"), (SECRET, "PRIVACY_BLOCKED")]
)
def test_waiving_needs_a_clean_reason(reason, code, responder):
    owe()

    with pytest.raises(Refused) as refusal:
        actions.waive("public_update", "INC-1", by=responder, at=AT, reason=reason)

    assert refusal.value.code == code
    assert Obligation.objects.open().exists()


def test_waiving_says_who_when_and_why(responder):
    owe()

    waived = actions.waive("public_update", "INC-1", by=responder, at=minutes(1), reason="Staff only")

    assert waived is not None
    assert (waived.waived_by, waived.waived_at, waived.reason) == (responder, minutes(1), "Staff only")


def test_the_most_urgent_clock_of_each_subject_is_found_in_one_query(django_assert_num_queries):
    owe(30)
    owe(10, kind="acknowledge")
    owe(20, subject="INC-2")

    with django_assert_num_queries(1):
        found = queries.most_urgent(["INC-1", "INC-2", "INC-3"])

    assert {subject: one.kind for subject, one in found.items()} == {"INC-1": "acknowledge", "INC-2": "public_update"}


def test_late_ones_are_listed_the_latest_first():
    owe(10)
    owe(5, subject="INC-2")
    owe(60, subject="INC-3")

    assert [one.subject for one in queries.late(minutes(20))] == ["INC-2", "INC-1"]


@pytest.mark.django_db(transaction=True)
def test_owing_on_many_connections_at_once_is_one_clock():
    results = at_once(*[lambda: owe() for _ in range(6)])

    assert not [one for one in results if isinstance(one, Exception)]
    assert Obligation.objects.count() == 1
