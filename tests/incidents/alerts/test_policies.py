"""How alerts behave beside firing once: joined by domain, ended by hand, said again, muted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.alerts import actions, mutes, upkeep
from incidents.alerts.models import Alert
from incidents.alerts.mutes import Mute
from incidents.response import actions as response
from incidents.response.models import Incident
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from opsportal.models import Delivery
from tests.incidents.cast import AT, SECRET, domain, fire, minutes, news
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db


def joining(key: str, **changes):
    return fire(dedup_key=key, joins_domain=True, **changes)


def test_alerts_of_one_domain_share_a_room_for_some_minutes():
    first = joining("check:one")

    assert joining("check:two", at=minutes(10)).incident == first.incident
    assert joining("check:three", at=minutes(16)).incident != first.incident


@pytest.mark.parametrize(
    "other",
    [
        {"domain_id": None},  # another domain
        {"severity": "SEV-1"},  # worse news must not go unheard
        {"joins_domain": False},  # a room of its own
    ],
)
def test_what_may_not_join_has_its_own_room(other):
    first = joining("check:one")
    other = other | ({"domain_id": domain("payments").pk} if "domain_id" in other else {})

    assert fire(**{"dedup_key": "check:two", "joins_domain": True, **other}).incident != first.incident


def test_a_room_that_a_check_has_for_itself_collects_no_others():
    first = joining("check:one")
    own = fire(dedup_key="check:own", joins_domain=False, at=minutes(1)).incident

    assert own != first.incident
    assert joining("check:two", at=minutes(2)).incident == first.incident


def test_a_room_that_another_tool_opened_is_joined():
    opened = fire(dedup_key="grafana:one", source="grafana", joins_domain=False).incident

    assert joining("check:two", at=minutes(2)).incident == opened


def test_a_room_that_is_over_or_was_declared_by_a_person_is_not_joined(responder):
    first = joining("check:one")
    response.change_status(first.room, to="resolved", by=responder, at=minutes(1))
    declared = response.declare(
        title="Slow", summary="", severity="SEV-2", domain=domain("backend"), by=responder, at=minutes(1)
    )

    assert joining("check:two", at=minutes(2)).incident not in (first.incident, declared)


@pytest.mark.django_db(transaction=True)
def test_many_checks_of_a_domain_at_once_are_one_room():
    news_of = [news(dedup_key=f"check:{number}", joins_domain=True) for number in range(6)]

    results = at_once(*[lambda one=one: actions.receive(one) for one in news_of])

    assert all(isinstance(one, Alert) for one in results), results
    assert (Alert.objects.count(), Incident.objects.count()) == (6, 1)


def test_other_words_of_a_check_that_still_fires_are_told_once():
    alert = fire(reason="timeout")

    for minute in (1, 2):
        fire(reason="flapping", title="API flaps", at=minutes(minute))

    alert.refresh_from_db()
    assert (alert.title, alert.reason, alert.seen) == ("API flaps", "flapping", 3)
    assert alert.room.timeline.filter(kind="alert").count() == 2


def test_an_alert_that_a_person_ends_waits_and_fires_on_when_it_comes_back(responder):
    alert = fire(ends_by_hand=True)
    with pytest.raises(Refused, match="passed again"):
        actions.end(alert, by=responder, at=minutes(1))

    fire(is_firing=False, at=minutes(2))
    assert actions.receive(news(is_firing=False, at=minutes(3))) is None
    alert.refresh_from_db()
    assert (alert.recovered_at, alert.resolved_at) == (minutes(2), None)

    fire(at=minutes(4))
    alert.refresh_from_db()
    assert (alert.recovered_at, Alert.objects.count()) == (None, 1)

    fire(is_firing=False, at=minutes(5))
    actions.end(alert, by=responder, at=minutes(6))
    alert.refresh_from_db()
    assert alert.resolved_at == minutes(6)
    said = list(alert.room.timeline.filter(kind="alert").order_by("id").values_list("new", flat=True))
    assert said == ["firing", "recovered", "firing", "recovered", "ended"]
    with pytest.raises(Refused, match="already"):
        actions.end(alert, by=responder, at=minutes(7))


@pytest.fixture
def channel(settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example/x"


def reminders() -> list[str]:
    return list(Delivery.objects.filter(event__contains=":reminder:").order_by("pk").values_list("event", flat=True))


def test_a_reminder_goes_out_once_a_period_while_it_fires(channel):
    alert = fire(remind_hours=4)

    for hour in (3.9, 4, 4.1, 7, 8.5, 9):
        upkeep.sweep(at=AT + timedelta(hours=hour))

    assert reminders() == [f"alert:{alert.pk}:reminder:4", f"alert:{alert.pk}:reminder:8"]
    fire(is_firing=False, at=AT + timedelta(hours=10))
    upkeep.sweep(at=AT + timedelta(hours=20))
    assert len(reminders()) == 2


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1)])
def test_another_period_goes_on_reminding(channel, responder, before, after):
    alert = fire(remind_hours=before)
    for hour in range(1, 5):
        upkeep.sweep(at=AT + timedelta(hours=hour))
    so_far = len(reminders())

    actions.keep_to(alert.dedup_key, ends_by_hand=False, remind_hours=after, by=responder, at=AT + timedelta(hours=4))
    for hour in range(5, 13):
        upkeep.sweep(at=AT + timedelta(hours=hour))

    assert (so_far, len(reminders()) - so_far) == (4 // before, 8 // after)


def test_a_reminder_says_for_how_long_it_fires_or_that_it_waits_for_a_person(channel):
    fire(remind_hours=4, ends_by_hand=True)
    upkeep.sweep(at=AT + timedelta(hours=4))
    fire(is_firing=False, at=AT + timedelta(hours=5))
    upkeep.sweep(at=AT + timedelta(hours=8))

    said = Delivery.objects.filter(event__contains=":reminder:").order_by("pk").values_list("subject", flat=True)
    assert [one.partition(": ")[2] for one in said] == [
        "still fires after 4 h",
        "passes again, and waits for a person to end it",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_once(channel):
    fire(remind_hours=1)

    at_once(*[lambda: upkeep.sweep(at=AT + timedelta(hours=1))] * 4)

    assert len(reminders()) == 1


def mute(by, **changes) -> Mute:
    said = {"dedup_key": "check:api", "until": minutes(60), "reason": "Disk swap", "by": by, "at": AT}
    return mutes.mute(**said | changes)


@pytest.mark.parametrize("of_domain", [False, True])
def test_a_muted_alert_is_kept_and_opens_no_room_until_the_mute_ends(responder, of_domain):
    mute(responder, **({"dedup_key": "", "domain": domain("backend")} if of_domain else {}))

    alert = fire(at=minutes(1))
    assert (alert.incident, Incident.objects.count(), list(Alert.objects.muted())) == (None, 0, [alert])
    upkeep.sweep(at=minutes(59))
    assert not Alert.objects.firing().exists()

    upkeep.sweep(at=minutes(60))
    upkeep.sweep(at=minutes(61))
    alert.refresh_from_db()
    assert (alert.room.detected_at, Incident.objects.count()) == (minutes(1), 1)
    acts = AuditEvent.objects.filter(act__contains="mute").order_by("pk").values_list("act", "actor")
    assert list(acts) == [("alert.mute", responder.username), ("alert.unmute", "scheduler")]


def test_muted_alerts_however_many_do_not_stand_before_one_whose_mute_was_ended(responder, monkeypatch):
    monkeypatch.setattr(upkeep, "_BATCH", 1)
    mute(responder, domain=domain("backend"), dedup_key="")
    ended = mute(responder, dedup_key="check:feed")
    fire(), fire(dedup_key="check:page")
    waiting = fire(dedup_key="check:feed", domain_id=domain("payments").pk)
    mutes.end(ended, by=responder, at=minutes(1))

    upkeep.sweep(at=minutes(2))

    assert list(Alert.objects.firing()) == [waiting]


def test_an_alert_that_cannot_get_its_room_does_not_keep_others_muted(responder, monkeypatch):
    mute(responder, until=minutes(10))
    mute(responder, dedup_key="check:feed", until=minutes(10))
    stuck, free = fire(at=minutes(1)), fire(dedup_key="check:feed", at=minutes(1))
    surface = actions.surface

    def fail_once(alert, *, at):
        if alert == stuck:
            raise Refused("NO", "Not this one.")
        surface(alert, at=at)

    monkeypatch.setattr(actions, "surface", fail_once)

    with pytest.raises(Refused, match="Not this one"):
        upkeep.sweep(at=minutes(11))

    assert list(Alert.objects.firing()) == [free]


def test_what_ended_under_its_mute_opens_no_room_afterwards(responder):
    mute(responder)
    fire(at=minutes(1))
    fire(is_firing=False, at=minutes(2))

    upkeep.sweep(at=minutes(61))

    assert not Incident.objects.exists()


def test_what_passed_again_under_its_mute_waits_in_the_list_and_opens_no_room(client_as, viewer, responder):
    mute(responder)
    alert = fire(at=minutes(1), ends_by_hand=True)
    fire(is_firing=False, at=minutes(2))

    upkeep.sweep(at=minutes(61))

    alert.refresh_from_db()
    assert (alert.incident, alert.resolved_at, Incident.objects.count()) == (None, None, 0)
    page = client_as(viewer).get("/alerts/").content.decode()
    assert "it passes, and a person ends it" in page and "End alert" not in page
    assert "You ended API does not answer." in (
        client_as(responder).post(f"/alerts/{alert.pk}/end/", follow=True).content.decode()
    )


def test_what_fails_again_after_its_mute_gets_its_room(responder):
    mute(responder)
    alert = fire(at=minutes(1), ends_by_hand=True)
    fire(is_firing=False, at=minutes(2))
    upkeep.sweep(at=minutes(61))

    fire(at=minutes(70), ends_by_hand=True)
    upkeep.sweep(at=minutes(71))

    alert.refresh_from_db()
    assert alert.incident is not None and alert.recovered_at is None


def test_nobody_is_reminded_of_what_fires_in_a_closed_room(channel):
    alert = fire(remind_hours=1)
    Incident.objects.filter(pk=alert.room.pk).update(status="resolved", closed_at=minutes(30))

    upkeep.sweep(at=minutes(120))

    assert reminders() == []


@pytest.mark.parametrize("is_back", [False, True])
def test_what_nobody_feeds_any_more_ends_and_its_room_says_why(client_as, viewer, responder, channel, is_back):
    alert = fire(remind_hours=1, ends_by_hand=True)
    if is_back:
        fire(is_firing=False, at=minutes(1))

    actions.let_go("check:api", why="Its check was archived", by=responder, at=minutes(2))
    assert actions.let_go("check:api", why="Its check was archived", by=responder, at=minutes(3)) is None

    alert.refresh_from_db()
    assert (alert.resolved_at, alert.recovered_at) == (minutes(2), minutes(1) if is_back else None)
    room = alert.room
    event = room.timeline.filter(kind="alert").latest("id")
    assert (event.new, event.actor, room.is_open) == ("ended", responder, True)
    said = "API does not answer. Its check was archived." + ("" if is_back else " Nobody saw it recover.")
    assert event.text.body == said
    assert ("Ended unseen" in client_as(viewer).get("/alerts/").content.decode()) is not is_back
    upkeep.sweep(at=minutes(180))
    assert reminders() == []


def test_what_fires_follows_the_new_rules_of_its_check(responder, channel):
    alert = fire(ends_by_hand=True)

    actions.keep_to("check:api", ends_by_hand=True, remind_hours=1, by=responder, at=minutes(1))
    upkeep.sweep(at=minutes(61))
    assert len(reminders()) == 1

    fire(is_firing=False, at=minutes(62))
    actions.keep_to("check:api", ends_by_hand=False, remind_hours=1, by=responder, at=minutes(63))
    alert.refresh_from_db()
    assert (alert.recovered_at, alert.resolved_at) == (minutes(62), minutes(63))
    assert alert.room.timeline.filter(kind="alert").latest("id").new == "ended"


def test_another_key_is_heard_beside_a_mute(responder):
    mute(responder)

    assert fire(dedup_key="check:web").incident is not None


def test_a_muted_alert_is_not_said_again_and_keeps_its_room(responder, channel):
    alert = fire(remind_hours=1)
    mute(responder, until=minutes(300))

    upkeep.sweep(at=minutes(120))

    assert (reminders(), list(Alert.objects.firing())) == ([], [alert])


def test_a_person_ends_a_mute_once(responder):
    made = mute(responder)
    alert = fire(at=minutes(1))

    mutes.end(made, by=responder, at=minutes(2))
    upkeep.sweep(at=minutes(2))

    alert.refresh_from_db()
    assert alert.incident is not None
    with pytest.raises(Refused, match="already"):
        mutes.end(made, by=responder, at=minutes(3))


@pytest.mark.parametrize("wrong", [{"dedup_key": ""}, {"until": AT}, {"reason": " "}, {"reason": f"see {SECRET}"}])
def test_a_mute_needs_one_thing_an_end_ahead_and_a_clean_reason(responder, wrong):
    with pytest.raises(Refused):
        mute(responder, **wrong)

    assert not Mute.objects.exists()


def test_mutes_are_set_listed_and_ended_on_the_screen(client_as, viewer, responder):
    client = client_as(responder)
    asked = client.get("/alerts/mute/?key=check:api").content.decode()
    wrong = client.post("/alerts/mute/", {"dedup_key": "check:api", "hours": "1", "reason": ""})
    client.post("/alerts/mute/", {"dedup_key": "check:api", "hours": "4", "reason": "Disk swap"})
    made = Mute.objects.get()
    actions.receive(news(at=made.created_at))

    page = client_as(viewer).get("/alerts/").content.decode()
    refused = client_as(viewer).post(f"/alerts/mutes/{made.pk}/end/")
    ended = client_as(responder).post(f"/alerts/mutes/{made.pk}/end/", follow=True).content.decode()

    assert 'value="check:api"' in asked
    assert wrong.status_code == 422
    assert "Disk swap" in page and "pages nobody" in page and "End mute" not in page
    assert refused.status_code == 403
    assert "You hear check:api again." in ended


def test_a_mute_of_nothing_or_of_too_much_says_what_is_wrong_once(client_as, responder):
    client = client_as(responder)
    nothing = client.post("/alerts/mute/", {"hours": "1", "reason": "Disk swap"})
    too_long = client.post("/alerts/mute/", {"dedup_key": "k" * 300, "hours": "1", "reason": "Disk swap"})

    assert (nothing.status_code, too_long.status_code) == (422, 422)
    assert "Name one alert, or choose one domain." in nothing.text
    assert "at most 255" in too_long.text and "Name one alert" not in too_long.text


def test_what_waits_for_a_person_is_ended_on_the_screen(client_as, responder):
    alert = fire(ends_by_hand=True)
    fire(is_firing=False, at=minutes(2))

    page = client_as(responder).get("/alerts/").content.decode()
    done = client_as(responder).post(f"/alerts/{alert.pk}/end/", follow=True).content.decode()

    assert "Passes, waits" in page and "End alert" in page
    assert "You ended API does not answer." in done


def test_a_whole_shop_of_mutes_is_cut_and_counted(client_as, viewer, responder):
    now = timezone.now()
    Mute.objects.bulk_create(
        Mute(dedup_key=f"check:shop-{number}", until=now + timedelta(hours=1, minutes=number), reason="Provider moves",
             created_by=responder, created_at=now)
        for number in range(53)
    )  # fmt: skip

    page = client_as(viewer).get("/alerts/").content.decode()

    assert page.count('<li id="mute-') == 50
    assert "and 3 more." in page
    assert "check:shop-0<" in page and "check:shop-50<" not in page
