"""Reminders of duties that belong to no incident: once before, once when late, never of what is done."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents import tasks
from incidents.obligations import actions, places, reminders
from incidents.obligations.models import Obligation
from incidents.response import reminders as of_incidents
from opsportal.models import Delivery
from opsportal.ticker import actions as ticker

pytestmark = pytest.mark.django_db
KIND = Obligation.Kind.WEEKLY_REVIEW
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.BASE_URL = "http://localhost:8123"


def hours(number: float) -> datetime:
    """From the time at which it is due."""
    return FRIDAY + timedelta(hours=number)


def test_the_review_is_reminded_of_a_day_before_and_once_when_it_is_late(db):
    actions.owe(KIND, "2026-W46", due_at=FRIDAY, at=MONDAY)

    told = [reminders.sweep(hours(at)) for at in (-25, -24, -24, -1, 0.5, 1, 2, 48)]

    assert told == [0, 1, 0, 0, 0, 1, 0, 0]
    first, second = Delivery.objects.order_by("pk")
    assert [first.subject, second.subject] == [
        "Weekly review 2026-W46: due in 24 h",
        "Weekly review 2026-W46: 1 h late",
    ]
    assert first.body == "Whoever reads this: it is done at\nhttp://localhost:8123/review/2026-W46/"


def test_what_was_never_looked_at_is_told_once_when_it_is_late(db):
    actions.owe(KIND, "2026-W46", due_at=FRIDAY, at=MONDAY)

    assert [reminders.sweep(hours(72)), reminders.sweep(hours(73))] == [1, 0]
    assert Delivery.objects.get().subject == "Weekly review 2026-W46: 3 d late"


def test_what_is_done_and_what_has_a_room_of_its_own_is_left_alone(db):
    actions.owe(KIND, "2026-W46", due_at=FRIDAY, at=MONDAY)
    actions.meet(KIND, "2026-W46", at=MONDAY)
    actions.owe(Obligation.Kind.POSTMORTEM, "INC-1", due_at=FRIDAY, at=MONDAY)

    assert reminders.sweep(hours(2)) == 0


def test_a_kind_without_a_page_has_no_address(db):
    assert places.address_of(KIND, "2026-W46") == "/review/2026-W46/"
    assert places.address_of(Obligation.Kind.POSTMORTEM, "INC-1") == ""


def test_reminders_of_incidents_that_fail_keep_no_others_waiting(monkeypatch):
    asked: list[datetime] = []

    def fail(at):
        raise ValueError("no policy")

    monkeypatch.setattr(of_incidents, "sweep", fail)
    monkeypatch.setattr(reminders, "sweep", asked.append)
    monkeypatch.setattr(ticker, "claim", lambda *_, **__: True)

    with pytest.raises(ValueError, match="no policy"):
        tasks.remind()

    assert len(asked) == 1
