"""An alarm calls, a backup follows, an acknowledgement ends it: with rows, refusals and a real receiver."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from incidents import tasks
from incidents.alerts import actions as alerts
from incidents.alerts import mutes
from incidents.ownership.models import Domain
from incidents.paging import calling, rules
from incidents.paging.models import Call, CallLine, PagingRule, Reach
from incidents.paging.rules import Rule
from incidents.reactions import react
from incidents.response import actions as response
from incidents.response import standing
from incidents.response.models import Incident, Reaction
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from opsportal.outbox import recipients, sending
from tests.incidents.cast import AT, fire, minutes, news, open_incident
from tests.locking import goes_through

pytestmark = pytest.mark.django_db


def react_to_all(at: datetime) -> None:
    """What the workers do with every event that waits."""
    for event_id in Reaction.objects.filter(done_at=None).order_by("event_id").values_list("event_id", flat=True):
        react(event_id, at=at)


def send(at: datetime = AT) -> None:
    """What waits leaves now, whatever its time."""
    Delivery.objects.filter(state="waiting").update(due_at=at)
    outbox.deliver_due()


def told(http_target) -> list[str]:
    """Who was told at the receiver, in order."""
    return [one.path.split("/")[1] for one in http_target.requests if one.path.startswith("/night-")]


def lines() -> list[tuple[str, str | None, str]]:
    rows = CallLine.objects.order_by("pk").select_related("person")
    return [(row.stage, row.person.username if row.person else None, row.why) for row in rows]


@pytest.fixture
def alarm(on_call, first, backup, reached):
    """Both are reached, and an alert fires in the backend."""
    reached(first), reached(backup)
    alert = fire(joins_domain=True)
    react_to_all(AT)
    return alert


def test_an_alarm_calls_the_first_on_call_and_says_why(alarm, http_target):
    send()

    assert told(http_target) == ["night-first"]
    text = json.loads(http_target.requests[0].body)["text"]
    assert f"{alarm.room.label} SEV-2 (proposed) API does not answer" in text
    assert "First on call for Backend" in text
    assert "the backup is called" in text
    assert alarm.room.get_absolute_url() in text


def test_the_backup_is_called_once_nobody_has_it_in_time(alarm, http_target):
    calling.sweep(minutes(9))
    assert CallLine.objects.filter(stage="backup").count() == 0

    calling.sweep(minutes(10))
    calling.sweep(minutes(11))
    send()

    assert sorted(told(http_target)) == ["night-backup", "night-first"]


@pytest.mark.parametrize("after", ["firing", "reaction", "first", "sweep"])
def test_an_acknowledgement_at_any_moment_ends_everything_after_it(
    after, on_call, first, backup, reached, responder, http_target
):
    reached(first), reached(backup)
    alert = fire()
    steps: dict[str, list[Callable[[], object]]] = {
        "firing": [],
        "reaction": [lambda: react_to_all(AT)],
        "first": [send],
        "sweep": [lambda: calling.sweep(minutes(10)), lambda: send(minutes(10))],
    }
    for name, acts in steps.items():
        for act in acts:
            act()
        if name == after:
            break
    before = len(told(http_target))

    alerts.acknowledge(alert, by=responder, at=minutes(10))
    react_to_all(minutes(10))
    for later in (10, 20, 60):
        calling.sweep(minutes(later))
        send(minutes(later))

    assert len(told(http_target)) == before
    assert Call.objects.get().ended_because
    assert not Delivery.objects.filter(state="waiting", recipient__startswith="page:").exists()


def test_what_waits_is_not_sent_when_it_was_taken_a_moment_before_it_leaves(alarm, responder, http_target):
    # The reaction that ends the call has not run: the question is asked again when the message is taken out.
    response.acknowledge(alarm.room, by=responder, at=minutes(1))

    send()

    assert told(http_target) == []
    page = Delivery.objects.get(recipient__startswith="page:")
    assert (page.state, page.last_error) == ("dead", "answered")


def test_running_twice_calls_once(alarm, http_target):
    Reaction.objects.update(done_at=None)
    react_to_all(minutes(1))
    assert calling.begin(alarm.room, at=minutes(1)) == 0
    send()
    send()

    assert told(http_target) == ["night-first"]
    assert Call.objects.count() == 1


def test_a_worker_lost_between_sending_and_marking_sends_under_the_same_key(alarm, http_target, monkeypatch):
    monkeypatch.setattr(sending, "_mark", lambda *_, **__: None)
    send()
    monkeypatch.undo()
    Delivery.objects.update(lease_until=AT, give_up_at=None)

    send()

    assert told(http_target) == ["night-first", "night-first"]
    assert len({one.headers.get("Idempotency-Key") for one in http_target.requests}) == 1
    assert Delivery.objects.get(recipient__startswith="page:").state == "sent"


def test_a_message_that_cannot_arrive_calls_the_backup_at_once(alarm, http_target):
    http_target.status = 410
    send()
    http_target.status = 200

    calling.sweep(datetime.now(UTC) + timedelta(seconds=1))
    send()

    assert told(http_target)[-1] == "night-backup"


def test_the_backup_of_a_message_that_cannot_arrive_does_not_wait_for_the_sweep(
    alarm, http_target, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr("opsportal.background.wake", lambda task, **ids: rung.append((task, ids)))
    call = Call.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        calling.call_backup_now(call, at=minutes(1))
        assert rung == [], "who is woken before the commit finds nothing to do"
    for task, ids in rung:
        assert task == "incidents.call_backup"
        tasks.call_backup(**ids)

    assert CallLine.objects.filter(call=call, stage="backup").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_acknowledgement_and_a_call_that_begins_do_not_wait_for_each_other_in_a_ring(
    on_call, first, reached, responder, monkeypatch
):
    reached(first)
    alert = fire()
    usual = standing.standing
    calls: list[bool] = []

    def stood(incident):
        if not calls:  # the alert is locked, its room is not yet
            calls.append(goes_through(lambda: calling.begin(incident, at=AT)))
        return usual(incident)

    monkeypatch.setattr(standing, "standing", stood)

    alerts.acknowledge(alert, by=responder, at=AT)

    assert calls == [True]
    assert Call.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_call_that_ends_does_not_wait_for_a_message_that_is_taken_out(
    on_call, first, reached, responder, http_target, monkeypatch
):
    reached(first)
    alert = fire()
    react_to_all(AT)
    response.acknowledge(alert.room, by=responder, at=minutes(1))
    usual = recipients.find
    settled: list[bool] = []

    def find(claimed):
        settled.append(goes_through(lambda: calling.settle(alert.room, at=minutes(1))))
        usual(claimed)

    monkeypatch.setattr(recipients, "find", find)

    send()

    assert settled == [True]
    page = Delivery.objects.get(recipient__startswith="page:")
    assert (page.state, page.last_error, told(http_target)) == ("dead", "answered", [])


def test_somebody_without_a_proved_way_is_passed_over_at_once_and_the_silence_says_so(
    on_call, first, backup, reached, http_target
):
    reached(first, proved_at=None), reached(backup)
    fire()
    react_to_all(AT)
    send()

    assert told(http_target) == ["night-backup"]
    assert lines()[0] == ("first", "night-first", "night-first has no verified contact method.")


def test_when_nobody_is_reached_the_ops_channel_hears_it(on_call, responder, reached, settings, http_target):
    reached(responder)  # who is not on call
    settings.SLACK_WEBHOOK_URL = f"{http_target.url}ops"
    fire()
    react_to_all(AT)
    send()

    texts = [json.loads(one.body)["text"] for one in http_target.requests]
    assert sum("nobody could be called" in text for text in texts) == 1


def test_who_declares_while_on_call_is_not_called_for_it(on_call, first, backup, reached, http_target):
    reached(first), reached(backup)
    open_incident(first)
    react_to_all(AT)
    send()

    assert told(http_target) == []
    assert lines() == [("first", "night-first", "night-first is on call and declared it.")]
    calling.sweep(minutes(10))
    send()
    assert told(http_target) == ["night-backup"]


def test_a_call_for_a_check_that_was_archived_ends_with_that_word(on_call, first, reached, responder):
    reached(first)
    alert = fire()
    react_to_all(AT)

    alerts.let_go(alert.dedup_key, why="Its check was archived", by=responder, at=minutes(1))
    calling.sweep(minutes(60))

    assert Call.objects.get().ended_because == "Its check was archived or removed."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mode": Incident.Mode.TEST}, "Test incidents call nobody."),
        ({"severity": "SEV-3"}, "The rule of SEV-3 calls nobody; the ops channel was told."),
    ],
)
def test_every_silence_has_its_words(changes, why, on_call, first, reached, responder, admin):
    reached(first)
    rules.change("SEV-3", Rule("nobody", "all", None), seen="first-one-", by=admin, at=AT - timedelta(days=1))
    open_incident(responder, **changes)
    react_to_all(AT)

    assert lines() == [("first", None, why)]
    assert Call.objects.get().ended_because == why


def test_a_call_keeps_the_rule_of_the_moment_when_it_fired(on_call, first, reached, admin):
    reached(first)
    alert = fire(at=minutes(5))
    rules.change("SEV-2", Rule("both", "one", None), seen="first-all-10", by=admin, at=minutes(6))

    calling.begin(alert.room, at=minutes(7))

    call = Call.objects.get()
    assert (call.whom, call.how, call.backup_minutes) == ("first", "all", 10)
    assert rules.at("SEV-2", minutes(6)).whom == PagingRule.Whom.BOTH


def test_both_at_once_and_by_one_way(on_call, first, backup, reached, admin, http_target):
    reached(first, "Phone", position=1), reached(first, "Mail", position=0), reached(backup)
    rules.change("SEV-2", Rule("both", "one", None), seen="first-all-10", by=admin, at=AT - timedelta(days=1))
    fire()
    react_to_all(AT)
    send()

    assert sorted(one.path for one in http_target.requests) == ["/night-backup/Phone", "/night-first/Mail"]


def test_an_alert_in_a_room_that_somebody_has_calls_nobody(alarm, responder, http_target):
    response.acknowledge(alarm.room, by=responder, at=minutes(1))
    fire(dedup_key="check:db", at=minutes(2), joins_domain=True)
    react_to_all(minutes(2))
    send()

    assert told(http_target) == []
    assert lines()[-1][2] == f"responder has {alarm.room.label}."


def test_what_recovers_by_itself_does_not_wake_the_backup(alarm, http_target):
    send()
    alerts.receive(news(is_firing=False, at=minutes(4)))
    react_to_all(minutes(4))
    calling.sweep(minutes(10))
    send()

    assert told(http_target) == ["night-first"]
    assert Call.objects.get().ended_because == "It recovered by itself."


def test_a_muted_alert_calls_once_its_mute_is_over(on_call, first, reached, responder, http_target):
    reached(first)
    mutes.mute(
        dedup_key="check:api", domain=None, until=minutes(60), reason="A change is rolled out", by=responder, at=AT
    )
    alert = fire(at=minutes(1))
    react_to_all(minutes(1))
    assert Call.objects.count() == 0

    alerts.surface(alert, at=minutes(61))
    react_to_all(minutes(61))
    send()

    assert told(http_target) == ["night-first"]


def test_a_security_incident_tells_no_title(on_call, first, reached, responder, http_target):
    reached(first)
    open_incident(responder, nature=Incident.Nature.SECURITY, title="Keys of the vault were copied")
    react_to_all(AT)
    send()

    assert "vault" not in http_target.requests[0].body.decode()
    assert Reach.objects.get().address.open() not in json.dumps([line[2] for line in lines()])


def test_what_waits_for_people_alone_does_not_stand_before_a_backup(alarm, http_target, monkeypatch):
    monkeypatch.setattr(calling, "_BATCH", 1)
    earlier = fire(dedup_key="check:older", severity="SEV-3", at=AT, domain_id=alarm.domain_id)
    react_to_all(AT)
    Call.objects.filter(alert=earlier).update(started_at=AT - timedelta(days=2))

    calling.sweep(minutes(10))
    send()

    assert "night-backup" in told(http_target)


def test_a_screen_says_when_nobody_could_be_called_and_why(on_call, first, reached, client_as, responder):
    reached(first, channel="email")
    alert = fire()
    react_to_all(AT)

    page = client_as(responder).get(f"/incidents/INC-{alert.room.number}/calls/").content.decode()

    assert "only e-mail is verified, and mail is not set up" in page
    assert "nobody could be called" in page
    assert "everyone in the rule" not in page


def test_one_person_in_both_seats_is_called_once(on_call, first, reached, admin, http_target):
    Domain.objects.update(backup="@first-handle")
    reached(first)
    fire()
    react_to_all(AT)
    calling.sweep(minutes(10))
    send()

    assert told(http_target) == ["night-first"]
    assert lines()[-1][2] == "night-first has both seats."
