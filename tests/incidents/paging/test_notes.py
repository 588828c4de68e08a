"""What is no alarm goes by the same proved ways: reminders of duties."""

from datetime import date, time, timedelta

import pytest

from incidents.duties import actions as duties
from incidents.duties import reminders
from incidents.duties.models import Duty, Occurrence
from incidents.paging import notes
from incidents.paging.models import Reach
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from tests.incidents.cast import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def due_at(admin, on_call):
    """The keys are to be rotated on Monday at ten by whoever is first on call; nothing else is owed."""
    Duty.objects.update(retired_at=AT)
    terms = duties.Terms(
        "Keys are rotated", "", "@first-handle", "weekly", date(2026, 11, 2), time(10), "UTC", "note", "", 24
    )
    duties.define("key-rotation", terms, by=admin, at=AT)
    return Occurrence.objects.get(duty__slug="key-rotation").due_at


def remind(at) -> list[tuple[str, str]]:
    reminders.sweep(at=at, tell=notes.tell)
    rows = Delivery.objects.filter(event__startswith="duty:").exclude(destination="ops").order_by("pk")
    return [(row.channel, row.destination) for row in rows if "person" in row.key]


def test_a_reminder_goes_by_each_proved_way_and_not_by_the_account_too(due_at, first, reached, http_target, settings):
    settings.EMAIL_CONFIGURED = True
    first.email = "first@opsportal.example"
    first.save()
    reached(first, "Phone"), reached(first, "Desk"), reached(first, "Unproved", proved_at=None)

    assert remind(due_at - timedelta(hours=24)) == [("slack", "@night-first")] * 2
    assert remind(due_at - timedelta(hours=23)) == [("slack", "@night-first")] * 2
    Delivery.objects.filter(state="waiting").update(due_at=AT)
    outbox.deliver_due()

    assert sorted(one.path for one in http_target.requests) == ["/night-first/Desk", "/night-first/Phone"]
    assert b"Keys are rotated: due 23 Nov 10:00 UTC" in http_target.requests[0].body


def test_without_a_proved_way_it_goes_to_the_mail_of_the_account(due_at, first, settings):
    settings.EMAIL_CONFIGURED = True
    first.email = "first@opsportal.example"
    first.save()

    assert remind(due_at) == [("email", "first@opsportal.example")]


def test_a_way_that_was_taken_away_meanwhile_gets_nothing(due_at, first, reached, http_target):
    reached(first)
    remind(due_at)
    Reach.objects.update(ended_at=due_at)
    Delivery.objects.filter(state="waiting").update(due_at=AT)

    outbox.deliver_due()

    assert not http_target.requests
    assert Delivery.objects.filter(recipient__startswith="note:", state="dead").exists()
