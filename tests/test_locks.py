"""Whoever locks several rows takes them in the house's order, so that nobody waits in a ring: docs/decisions/0032."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from checks.catalogue.models import Check
from checks.runs.models import Flip
from incidents.alerts import actions as alerts
from incidents.alerts import mutes, upkeep
from incidents.alerts.models import Alert
from incidents.drills import actions as drills
from incidents.drills import ending
from incidents.drills.models import Inject
from incidents.paging import calling
from incidents.response import actions as response
from incidents.response import hiding
from tests.incidents.cast import AT, fire, minutes, news, open_incident
from tests.incidents.drills.cast import begin, detected, flip
from tests.locking import locked

pytestmark = pytest.mark.django_db
# Flips of checks and what a drill or a duty is stand before everything that they move.
ORDER = [
    "checks_flip",
    "incidents_drill",
    "a key",
    "incidents_alert",
    "incidents_incident",
    "incidents_call",
    "incidents_obligation",
    "opsportal_delivery",
]


def _locked(act: Callable[[], object]) -> list[str]:
    return [one for one in locked(act) if one in ORDER]


def in_order(names: list[str]) -> bool:
    return names == sorted(names, key=ORDER.index)


@pytest.fixture(autouse=True)
def _ops_channel(settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example/x"


def test_news_of_an_alert_and_what_people_do_to_it(responder):
    alert = fire(remind_hours=1, ends_by_hand=True)
    acts: list[Callable[[], object]] = [
        lambda: fire(dedup_key="check:feed", joins_domain=True),
        lambda: alerts.acknowledge(alert, by=responder, at=minutes(1)),
        lambda: upkeep.sweep(at=AT + timedelta(hours=1)),
        lambda: alerts.receive(news(is_firing=False, at=minutes(70))),
        lambda: alerts.end(alert, by=responder, at=minutes(71)),
    ]

    for act in acts:
        names = _locked(act)
        assert {"incidents_alert", "incidents_incident"} <= set(names)
        assert in_order(names), names


def test_an_alert_whose_mute_is_over(responder):
    mutes.mute(dedup_key="check:api", until=minutes(60), reason="Disk swap", by=responder, at=AT)
    alert = fire(at=minutes(1))

    names = _locked(lambda: alerts.surface(alert, at=minutes(61)))

    assert names[:3] == ["a key", "incidents_alert", "incidents_incident"]


def test_a_flip_of_a_check(responder):
    check = Check.objects.get(kind="drill")
    begin(responder)

    names = _locked(lambda: flip("unhealthy", at=minutes(2)))

    assert Flip.objects.get(check_ref=check).processed_at
    assert names[:4] == ["checks_flip", "a key", "incidents_alert", "incidents_incident"]
    assert in_order(names), names


def test_a_drill_that_throws_in_an_alert_or_ends_holds_its_alerts_before_its_room(responder):
    drill = detected(responder)
    held_back = Inject.objects.create(drill=drill, position=99, text="The feed is empty too", is_alert=True)

    thrown_in = _locked(lambda: drills.throw_in(held_back, by=responder, at=minutes(3)))
    stopped = _locked(lambda: drills.stop(drill, reason="Something real", by=responder, at=minutes(4)))

    for names in (thrown_in, stopped):
        assert names[:4] == ["incidents_drill", "a key", "incidents_alert", "incidents_incident"]
        assert in_order(names), names


def test_a_drill_that_finds_its_room_throws_in_and_expires(responder):
    drill = begin(responder)
    flip("unhealthy", at=minutes(2))
    Inject.objects.create(drill=drill, position=99, text="The feed is empty too", is_alert=True, due_at=minutes(2))

    found = _locked(lambda: ending.keep(at=minutes(3)))
    expired = _locked(lambda: ending.keep(at=drill.ends_by))
    fire(is_drill=True, dedup_key="drill:late", at=drill.ends_by)
    tidied = _locked(lambda: ending.keep(at=drill.ends_by + timedelta(seconds=5)))

    for names in (found, expired, tidied):
        assert {"a key", "incidents_alert", "incidents_incident"} <= set(names)
        assert in_order(names), names
    assert not Alert.objects.filter(is_drill=True, resolved_at=None).exists()


def test_a_call_and_what_is_done_to_an_incident(responder):
    incident = open_incident(responder)
    acts: list[Callable[[], object]] = [
        lambda: calling.begin(incident, at=AT),
        lambda: response.change_severity(incident, to="SEV-1", reason="Worse", by=responder, at=minutes(1)),
        lambda: hiding.hide(incident, reason="A break-in", by=responder, at=minutes(2)),
        lambda: response.change_status(incident, to="resolved", by=responder, at=minutes(3)),
        lambda: calling.settle(incident, at=minutes(4)),
    ]

    for act in acts:
        names = _locked(act)
        assert names[0] == "incidents_incident"
        assert in_order(names), names
