"""What people set beside the target: a pause with an end, a parent without circles, rules that make sense."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from checks.catalogue import actions, canary
from checks.catalogue.forms.network import HttpForm
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.runs import actions as runs
from checks.runs.models import Flip
from checks.scheduler import actions as scheduler
from incidents.alerts.models import Alert
from incidents.ownership.models import Domain
from opsportal.audit.models import AuditEvent
from opsportal.doctor.examination import examine, ok
from opsportal.errors import Refused
from opsportal.models import User
from tests.incidents.response.test_races import at_once

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]


def test_a_pause_ends_by_itself_and_says_who_and_why(add_check: AddCheck, responder: User, at: datetime) -> None:
    check = add_check(state=State.UNHEALTHY, consecutive_fail=3)

    paused = actions.pause(check, by=responder, at=at, until=at + timedelta(hours=4), reason="Moves house")
    assert (paused.paused_by, paused.pause_reason) == (responder, "Moves house")
    assert actions.resume_ended(at=at + timedelta(hours=3, minutes=59)) == 0
    assert actions.resume_ended(at=at + timedelta(hours=4)) == 1
    assert actions.resume_ended(at=at + timedelta(hours=4)) == 0

    check.refresh_from_db()
    assert (check.state, check.paused_until, check.paused_by) == (State.INSUFFICIENT_DATA, None, None)
    said = AuditEvent.objects.filter(object=check.key).order_by("pk").values_list("act", "actor", "reason")
    assert list(said) == [
        ("check.pause", responder.username, "until 2026-11-21 07:12 UTC. Moves house"),
        ("check.resume", "scheduler", ""),
    ]


def test_the_tick_resumes_what_is_due(add_check: AddCheck) -> None:
    Check.objects.update(state=State.PAUSED)
    past = timezone.now() - timedelta(seconds=1)
    over = add_check(state=State.PAUSED, paused_until=past, next_due=timezone.now() + timedelta(days=1), kind="none")

    scheduler.tick()

    over.refresh_from_db()
    assert over.state == State.INSUFFICIENT_DATA


@pytest.mark.django_db(transaction=True)
def test_two_ticks_resume_a_pause_once(add_check: AddCheck, at: datetime) -> None:
    check = add_check(state=State.PAUSED, paused_until=at)

    results = at_once(*[lambda: actions.resume_ended(at=at)] * 4)

    assert sorted(map(str, results)) == ["0", "0", "0", "1"]
    assert check.flips.count() == 1


def test_a_pause_that_is_over_already_is_refused(add_check: AddCheck, responder: User, at: datetime) -> None:
    with pytest.raises(Refused, match="in the future"):
        actions.pause(add_check(), by=responder, at=at, until=at)


def test_the_dialog_asks_how_long_and_why(client_as: ClientAs, responder: User, add_check: AddCheck) -> None:
    check, client = add_check(), client_as(responder)

    asked = client.get("/checks/checkout/pause/").content.decode()
    wrong = client.post("/checks/checkout/pause/", {"hours": "5"})
    client.post("/checks/checkout/pause/", {"hours": "24", "reason": "Moves house"})
    page = client.get("/checks/checkout/").content.decode()

    assert "Until somebody resumes it" in asked
    assert wrong.status_code == 422
    check.refresh_from_db()
    assert check.paused_until is not None
    assert "Moves house" in page and "then it runs by itself" in page


def settings(**changes: object) -> dict[str, object]:
    return {"name": "Basket", "domain": Domain.objects.get(slug="frontend"), **changes}


def test_a_circle_of_parents_is_refused(add_check: AddCheck, admin: User, at: datetime) -> None:
    top = add_check("top")
    middle = add_check("middle", parent=top)
    low = add_check("low", parent=middle)

    for parent in (low, middle, top):
        with pytest.raises(Refused, match="circle"):
            actions.edit_check(top, spec=top.spec, settings=settings(parent=parent), by=admin, at=at)


def test_five_levels_are_the_most(add_check: AddCheck, admin: User, at: datetime) -> None:
    above = None
    for number in range(5):
        above = add_check(f"level-{number}", parent=above)

    with pytest.raises(Refused, match="5 levels"):
        actions.add_check(kind="http", spec={}, settings=settings(parent=above), by=admin, at=at)
    with pytest.raises(Refused, match="5 levels"):
        actions.edit_check(
            Check.objects.get(key="level-0"), spec={}, settings=settings(parent=add_check("new")), by=admin, at=at
        )


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_cannot_close_a_circle(add_check: AddCheck, admin: User, at: datetime) -> None:
    one, two = add_check("one"), add_check("two")

    def stand(check: Check, parent: Check) -> Check:
        return actions.edit_check(check, spec={}, settings=settings(parent=parent), by=admin, at=at)

    results = at_once(lambda: stand(one, two), lambda: stand(two, one))

    assert sorted(type(result).__name__ for result in results) == ["Check", "Refused"]


@pytest.mark.parametrize("act", ["archive", "remove"])
def test_what_a_check_said_ends_with_it_and_its_incident_stays_open(
    add_check: AddCheck, admin: User, at: datetime, act: str
) -> None:
    check = add_check(state=State.UNHEALTHY)
    told, late = (
        Flip.objects.create(check_ref=check, at=at, old="healthy", new="unhealthy", reason="timeout") for _ in range(2)
    )
    Flip.objects.filter(pk=late.pk).update(processed_at=at)
    runs.deliver_flip(told.pk, at=at)
    Flip.objects.filter(pk=late.pk).update(processed_at=None)
    alert = Alert.objects.get()

    if act == "archive":
        actions.archive(check, by=admin, at=at + timedelta(minutes=5))
    else:
        actions.pause(check, by=admin, at=at + timedelta(minutes=4))
        assert Alert.objects.get().resolved_at is None
        actions.remove(check, by=admin, at=at + timedelta(minutes=5))
    runs.deliver_flips(at=at + timedelta(minutes=6))

    alert.refresh_from_db()
    assert (alert.resolved_at, alert.recovered_at) == (at + timedelta(minutes=5), None)
    assert alert.room.is_open and Alert.objects.count() == 1
    assert alert.detail.endswith(f"Its check was {act}d. Nobody saw it recover.")


def test_other_rules_for_alerts_reach_the_one_that_fires(add_check: AddCheck, admin: User, at: datetime) -> None:
    check = add_check(state=State.UNHEALTHY)
    flip = Flip.objects.create(check_ref=check, at=at, old="healthy", new="unhealthy", reason="timeout")
    runs.deliver_flip(flip.pk, at=at)

    actions.edit_check(check, spec=check.spec, settings={"name": "Shop", "remind_hours": 4}, by=admin, at=at)

    assert (Alert.objects.get().remind_hours, Alert.objects.get().ends_by_hand) == (4, False)


def form(check: Check | None = None, /, **typed: str) -> HttpForm:
    said = {"name": "Basket", "domain": str(Domain.objects.get(slug="frontend").pk), "url": "portal:/health/live"}
    usual = {"severity": "SEV-2", "every_seconds": "60", "fail_after": "3", "ok_after": "2"}
    return HttpForm({**said, **usual, **typed, "url": "https://1.1.1.1/"}, check=check)


def test_what_was_not_sent_has_its_default(db: None) -> None:
    sent = form()

    assert sent.is_valid(), sent.errors
    rules = sent.settings()
    assert (rules["rule"], rules["of_runs"], rules["flap_turns"], rules["hold_seconds"]) == ("consecutive", 5, 6, 0)
    assert (rules["parent"], rules["ends_by_hand"], rules["remind_hours"]) == (None, False, 0)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"rule": "k_of_n", "fail_after": "6", "of_runs": "5"}, "of_runs"),
        ({"rule": "rate", "fail_share": "20", "ok_share": "20"}, "ok_share"),
        ({"rule": "rate", "every_seconds": "300"}, "share_minutes"),
        ({"rule": "rate", "every_seconds": "86400", "share_minutes": "1440"}, "share_minutes"),
        ({"parent": "nobody"}, "parent"),
        ({"parent": "portal-live", "is_canary": "on"}, "is_canary"),
    ],
)
def test_rules_that_make_no_sense_come_back_with_a_sentence(db: None, typed: dict[str, str], field: str) -> None:
    sent = form(**typed)

    assert not sent.is_valid()
    assert field in sent.errors and sent.is_rare_wrong


def test_a_window_that_was_stored_too_small_refuses_no_edit_of_something_else(add_check: AddCheck) -> None:
    stored: dict[str, Any] = {"rule": "rate", "fail_after": 3, "share_minutes": 10, "every_seconds": 300}
    check = add_check("shop", **stored)
    typed = {name: str(value) for name, value in stored.items()}

    assert form(check, **typed, name="Shop front").is_valid()
    for name, value in {"share_minutes": "9", "fail_after": "4", "every_seconds": "900"}.items():
        assert "share_minutes" in form(check, **typed | {name: value}).errors
    Check.objects.filter(pk=check.pk).update(rule="consecutive")
    assert "share_minutes" in form(Check.objects.get(pk=check.pk), **typed).errors


def test_a_parent_is_found_by_its_key_or_its_name(db: None) -> None:
    for typed in ("portal-live", "portal liveness"):
        sent = form(parent=typed)
        assert sent.is_valid(), sent.errors
        assert sent.settings()["parent"].key == "portal-live"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("http", {"url": "https://shop.example/"}),
        ("prometheus", {"url": "https://metrics.example/"}),
        ("tcp", {"host": "shop.example", "port": 443}),
        ("tls", {"host": "shop.example", "port": 443}),
        ("dns", {"name": "shop.example"}),
    ],
)
def test_list_and_doctor_say_that_no_canary_is_chosen_while_one_is_needed(
    client_as: ClientAs, viewer: User, admin: User, add_check: AddCheck, kind: str, spec: dict[str, Any]
) -> None:
    add_check("portal-page", spec={"url": "portal:/health/live"})
    boss, said = client_as(admin), "No canary is chosen"

    assert said not in boss.get("/checks/").content.decode()
    assert canary.finding() == ok("canary")

    add_check("shop", kind=kind, spec=spec)
    assert said in boss.get("/checks/").content.decode()
    assert said not in client_as(viewer).get("/checks/").content.decode()
    assert (canary.finding() in examine(), canary.finding().reason) == (True, "not_chosen")

    add_check("way-out", is_canary=True)
    assert said not in boss.get("/checks/").content.decode()
    assert canary.finding() == ok("canary")


def test_the_list_says_that_our_own_network_fails(client_as: ClientAs, viewer: User, add_check: AddCheck) -> None:
    add_check("canary", name="Way out", is_canary=True, last_ok=False, last_run_at=timezone.now())

    assert "Our own network fails" in client_as(viewer).get("/checks/").content.decode()

    Check.objects.filter(key="canary").update(last_ok=True)
    assert "Our own network fails" not in client_as(viewer).get("/checks/").content.decode()
