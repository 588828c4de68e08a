"""News of trouble: once is once, whatever arrives how often and in which order."""

import pytest

from incidents.alerts import actions, queries
from incidents.alerts.models import Alert
from incidents.response import actions as response
from incidents.response.models import Incident
from opsportal.errors import Refused
from tests.incidents.cast import AT, SECRET, fire, minutes, news
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db


def spoken(incident: Incident) -> list[tuple[str, str]]:
    return list(incident.timeline.filter(kind="alert").order_by("id").values_list("new", "text__body"))


def test_a_first_firing_opens_an_incident_with_a_proposed_severity():
    alert = fire()

    incident = alert.room
    assert (incident.title, incident.severity, incident.severity_confirmed) == ("API does not answer", "SEV-2", False)
    assert (incident.source, incident.declared_by, incident.domain.slug) == ("alert", None, "backend")
    assert spoken(incident) == [("firing", "API does not answer. 3 of 3 runs failed, threshold 3")]


def test_the_same_firing_twice_counts_once():
    first, second = fire(), fire()

    assert first == second
    assert (second.seen, Incident.objects.count(), len(spoken(first.room))) == (1, 1, 1)


def test_a_later_firing_of_the_same_run_is_only_counted():
    actions.receive(news())

    alert = fire(at=minutes(5))

    assert (alert.seen, alert.last_seen_at, Alert.objects.count()) == (2, minutes(5), 1)


def test_another_reason_of_the_same_run_changes_the_tag_of_the_list():
    fire(dedup_key="check:web", at=minutes(9))
    fire(reason="timeout")
    before = queries.version()

    fire(reason="status_5xx", title="API answers 503", at=minutes(2))

    assert queries.version() != before


def test_recovery_ends_the_alert_and_leaves_the_incident_to_people():
    incident = fire().room

    alert = fire(is_firing=False, at=minutes(7))

    assert alert.resolved_at == minutes(7)
    assert Incident.objects.get(pk=incident.pk).is_open
    assert spoken(incident)[-1] == ("recovered", "API does not answer: recovered after 7 min")


def test_a_recovery_delivered_twice_is_told_once():
    incident = fire().room
    actions.receive(news(is_firing=False, at=minutes(7)))

    assert actions.receive(news(is_firing=False, at=minutes(7))) is None
    assert len(spoken(incident)) == 2


def test_recovery_of_nothing_is_no_news():
    assert actions.receive(news(is_firing=False)) is None
    assert not Incident.objects.exists()


def test_an_old_firing_delivered_after_the_recovery_does_not_fire_again():
    actions.receive(news())
    actions.receive(news(is_firing=False, at=minutes(7)))

    actions.receive(news())

    assert not Alert.objects.firing().exists()


def test_a_new_run_of_trouble_joins_the_open_incident():
    first = fire()
    actions.receive(news(is_firing=False, at=minutes(7)))

    second = fire(at=minutes(9))

    assert second != first
    assert (second.room, Incident.objects.count()) == (first.room, 1)


def test_a_new_run_after_the_end_opens_a_new_incident(responder):
    first = fire()
    actions.receive(news(is_firing=False, at=minutes(7)))
    response.change_status(first.room, to="resolved", by=responder, at=minutes(8))

    second = fire(at=minutes(9))

    assert second.room.number == first.room.number + 1


def test_another_key_opens_another_incident():
    actions.receive(news())
    actions.receive(news(dedup_key="check:web", title="Web does not answer"))

    assert Incident.objects.count() == 2


def test_late_news_keeps_both_times():
    alert = actions.receive(news(), at=minutes(4))
    assert alert is not None

    event = alert.room.timeline.get(kind="alert")
    assert (alert.fired_at, event.occurred_at, event.recorded_at) == (AT, AT, minutes(4))
    assert (alert.room.detected_at, alert.room.declared_at) == (AT, minutes(4))


def test_a_secret_in_the_words_of_a_machine_is_taken_out_and_the_alert_stands():
    alert = fire(title=f"cannot reach {SECRET}", detail=f"tried {SECRET}")

    assert "hunter2" not in alert.title + alert.detail
    assert alert.title == "cannot reach [removed: database connection string]"


def test_acknowledging_the_alert_acknowledges_its_incident(responder):
    alert = fire()

    actions.acknowledge(alert, by=responder, at=minutes(2))

    incident = Incident.objects.get(pk=alert.room.pk)
    assert (incident.acknowledged_by, incident.severity_confirmed) == (responder, True)
    with pytest.raises(Refused):
        actions.acknowledge(alert, by=responder, at=minutes(3))


def test_acknowledging_a_second_alert_of_a_taken_incident_is_told_on_its_timeline(responder):
    actions.receive(news())
    response.acknowledge(Incident.objects.get(), by=responder, at=minutes(1))

    actions.acknowledge(Alert.objects.get(), by=responder, at=minutes(2))

    assert spoken(Incident.objects.get())[-1] == ("acknowledged", "API does not answer")


@pytest.mark.django_db(transaction=True)
def test_the_same_key_on_many_connections_at_once_is_one_alert_and_one_incident():
    for round_ in range(5):
        results = at_once(*[lambda r=round_: actions.receive(news(dedup_key=f"check:{r}")) for _ in range(6)])
        assert len({one.pk for one in results if isinstance(one, Alert)}) == 1, results

    assert (Alert.objects.count(), Incident.objects.count()) == (5, 5)


@pytest.mark.django_db(transaction=True)
def test_different_keys_at_once_each_get_their_own_incident():
    results = at_once(*[lambda n=n: actions.receive(news(dedup_key=f"check:{n}")) for n in range(6)])

    assert all(isinstance(one, Alert) for one in results)
    assert sorted(Incident.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_everybody_reads_the_list_and_only_responders_acknowledge(client_as, viewer, responder):
    alert = fire()

    page = client_as(viewer).get("/alerts/")
    refused = client_as(viewer).post(f"/alerts/{alert.pk}/acknowledge/")
    done = client_as(responder).post(f"/alerts/{alert.pk}/acknowledge/", follow=True)

    assert "API does not answer" in page.content.decode()
    assert "Acknowledge" not in page.content.decode()
    assert refused.status_code == 403
    assert "You acknowledged API does not answer." in done.content.decode()


def test_an_empty_list_has_the_good_news_first(client_as, viewer):
    assert "Nothing fires" in client_as(viewer).get("/alerts/").content.decode()
