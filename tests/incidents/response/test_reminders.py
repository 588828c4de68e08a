"""Reminders of duties: who, when, once, and never of what is done."""

from functools import partial

import pytest

from incidents.obligations import actions as obligations
from incidents.obligations import queries
from incidents.obligations.models import Obligation
from incidents.obligations.queries import Share
from incidents.ownership.models import Domain
from incidents.response import actions, reminders, roles
from incidents.response.models import Incident
from opsportal.models import Delivery
from tests.incidents.cast import AT, domain, minutes, open_incident
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db
FIRST = "first_public_update"


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.BASE_URL = "http://localhost:8123"


def taken(responder, **changes) -> Incident:
    """A SEV-2 that somebody has, with the clock of its first update alone."""
    incident = open_incident(responder, **changes)
    actions.acknowledge(incident, by=responder, at=minutes(1))
    return incident


def subjects() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("subject", flat=True))


def test_the_holder_hears_five_minutes_before_and_the_backup_five_after(responder):
    taken(responder)

    told = [reminders.sweep(minutes(at)) for at in (9, 10, 10, 15, 19, 20, 21, 60)]

    assert told == [0, 1, 0, 0, 0, 1, 0, 0]
    assert subjects() == ["INC-1: first public update due in 5 min", "INC-1: first public update 5 min late"]
    first, second = Delivery.objects.order_by("pk")
    assert first.body.startswith("@responder: do it")  # who declares it leads it
    assert second.body.startswith("@payments-oncall: do it")
    assert first.body.endswith("http://localhost:8123/incidents/INC-1/")


def test_communications_hears_of_public_words_and_by_mail_when_there_is_an_address(responder, publisher, settings):
    settings.EMAIL_CONFIGURED, settings.ALERT_EMAIL = True, []
    incident = taken(responder)
    publisher.email = "publisher@example.org"
    publisher.save()
    roles.take(incident, "communications", by=publisher, at=minutes(2))
    Delivery.objects.all().delete()

    reminders.sweep(minutes(11))

    assert {(one.channel, one.destination) for one in Delivery.objects.all()} == {
        ("slack", "SLACK_WEBHOOK_URL"),
        ("email", "publisher@example.org"),
    }
    assert all(one.body.startswith("@publisher:") for one in Delivery.objects.all())


@pytest.mark.parametrize("act", [obligations.meet, obligations.waive])
def test_nothing_is_sent_once_it_is_done_or_need_not_be(responder, act):
    taken(responder)
    more = {"by": responder, "reason": "Staff only"} if act is obligations.waive else {}
    act(FIRST, "INC-1", at=minutes(9), **more)

    assert [reminders.sweep(minutes(at)) for at in (10, 20, 60)] == [0, 0, 0]
    assert subjects() == []


def test_a_time_that_moves_is_reminded_of_anew(responder):
    taken(responder)
    reminders.sweep(minutes(10))

    obligations.owe(FIRST, "INC-1", due_at=minutes(40), at=minutes(12))

    assert [reminders.sweep(minutes(at)) for at in (20, 35, 45)] == [0, 1, 1]
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 3


def test_what_is_due_at_once_reminds_the_backup_only(responder):
    actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)

    assert [reminders.sweep(minutes(at)) for at in (0, 4, 5, 6)] == [0, 0, 1, 0]
    assert subjects() == ["INC-1: acknowledge 5 min late"]


def test_what_is_only_called_like_an_incident_keeps_no_reminder_back(responder, monkeypatch):
    monkeypatch.setattr(reminders, "_BATCH", 1)
    obligations.owe(Obligation.Kind.DUTY, "INC-audit 2026-11-16", due_at=AT, at=AT, owner="@sre-lead")
    taken(responder)

    assert reminders.sweep(minutes(10)) == 1


def test_a_domain_that_nobody_holds_is_reminded_of_all_the_same(responder):
    Domain.objects.update(primary="", backup="")
    actions.open_from_alert(title="API down", severity="SEV-1", domain=domain("backend"), at=AT)

    reminders.sweep(minutes(5))

    assert Delivery.objects.get().body.startswith("Nobody holds this. Whoever reads it: do it")


def test_a_sweep_costs_one_question_each_when_nothing_is_due(responder, django_assert_num_queries):
    taken(responder)

    with django_assert_num_queries(2):  # periods, candidates
        reminders.sweep(minutes(2))


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_remind_once(responder):
    taken(responder)

    at_once(*[lambda: reminders.sweep(minutes(11))] * 4)

    assert subjects() == ["INC-1: first public update due in 4 min"]


@pytest.mark.django_db(transaction=True)
def test_meeting_a_duty_while_it_is_reminded_of_sends_at_most_what_was_promised_before(responder):
    for number in range(1, 6):
        taken(responder)
        done = at_once(
            partial(reminders.sweep, minutes(11)), partial(obligations.meet, FIRST, f"INC-{number}", at=minutes(11))
        )
        assert not [one for one in done if isinstance(one, Exception)]
        before = Delivery.objects.count()
        assert reminders.sweep(minutes(30)) == 0
        assert Delivery.objects.count() == before


def test_late_duties_are_counted_by_week_and_kind(responder, django_assert_num_queries):
    owe, meet = obligations.owe, obligations.meet
    for number, met in enumerate((5, 30, None), start=1):
        owe(FIRST, f"INC-{number}", due_at=minutes(15), at=AT)
        if met:
            meet(FIRST, f"INC-{number}", at=minutes(met))
    owe(FIRST, "INC-4", due_at=minutes(15), at=AT)
    obligations.waive(FIRST, "INC-4", by=responder, at=AT, reason="Staff only")
    owe("postmortem", "INC-1", due_at=minutes(60), at=AT)

    with django_assert_num_queries(1):
        (share,) = queries.shares(minutes(-60), minutes(45))

    assert share == Share(minutes(0).date().replace(day=16), FIRST, late=2, total=3)
    assert share.on_time == pytest.approx(1 / 3)
    assert [queries.late_of(f"INC-{n}", minutes(45)) for n in (1, 2, 3, 4)] == [(0, 1), (1, 1), (1, 1), (0, 0)]
    assert queries.shares(minutes(-60), minutes(45), without=["INC-1", "INC-2", "INC-3"]) == []
    assert Obligation.objects.count() == 5


def test_what_is_due_at_once_is_on_time_within_a_minute(responder):
    open_incident(responder)
    assert queries.late_of("INC-1", minutes(0.9)) == (0, 1)
    assert queries.late_of("INC-1", minutes(2)) == (1, 1)

    actions.acknowledge(Incident.objects.get(), by=responder, at=minutes(0.9))

    assert queries.late_of("INC-1", minutes(2)) == (0, 1)
