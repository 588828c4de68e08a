"""Screens of a release: pre-flight, signature, announcement, verification, rules; and what a freeze's clock is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from incidents.changes import facts, preflight
from incidents.changes.facts import Found
from incidents.changes.models import Change, Freeze
from incidents.changes.release import ChangePolicy, SignOff
from incidents.obligations.models import Obligation
from tests.incidents.cast import SECRET

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(tell):
    return tell(result="planned", started_at=now() + timedelta(hours=1), at=now())


def failed(number: int, at: datetime) -> None:
    """A strict run that did not end well."""
    line = "ops_daily_watchdog status=unhealthy reason=checks_unhealthy"
    facts.learn(Found(number, "ops_daily", "ops_daily --mode=prod", "fail", line, line, at, at, is_strict=True))


def test_a_release_goes_from_its_steps_to_its_signature(client_as, responder, planned):
    client, page = client_as(responder), planned.get_absolute_url()
    assert "0 of 3 ticked, not signed off." in client.get(page).content.decode()

    for place in (1, 2, 3):
        assert client.post(f"{page}steps/{place}/", {"ticked": "1"})["Location"] == page
    shown = client.get(f"{page}sign-off/").content.decode()
    assert "policy_check has not run" in shown
    refused = client.post(f"{page}sign-off/", {"in_spite": ""})
    assert (refused.status_code, "Say why it goes out" in refused.content.decode()) == (422, True)
    client.post(f"{page}sign-off/", {"in_spite": "Fixes the outage"})

    assert SignOff.objects.get(change=planned).in_spite == "Fixes the outage"
    assert "Signed off by responder" in client.get(page).content.decode()
    late = client.post(f"{page}steps/1/", {"ticked": ""}, follow=True).content.decode()
    assert "Its checklist stays as it is" in late


def test_without_a_signature_the_start_asks_why_it_cannot_wait(client_as, responder, planned):
    client, page = client_as(responder), planned.get_absolute_url()

    refused = client.post(f"{page}start/", {"override": ""})
    assert (refused.status_code, "is not signed off" in refused.content.decode()) == (422, True)
    client.post(f"{page}start/", {"override": "Fixes the outage"})

    planned.refresh_from_db()
    assert (planned.result, planned.override) == ("running", "Fixes the outage")


def test_the_next_planned_change_stands_beside_the_list(client_as, viewer, planned):
    page = client_as(viewer).get("/changes/").content.decode()

    assert "Pre-flight" in page and "policy_check has not run" in page
    assert "Sign off…" not in page


def test_an_announcement_keeps_what_was_typed_when_it_is_refused(client_as, responder, planned):
    client, page = client_as(responder), planned.get_absolute_url()

    wrong = client.post(f"{page}announce/", {"words": "Soon", "tickets": "ftp://x"})
    assert (wrong.status_code, ">Soon<" in wrong.content.decode().replace("\n", "")) == (422, True)
    secret = client.post(f"{page}announce/", {"words": f"Key {SECRET}", "tickets": ""}).content.decode()
    assert SECRET not in secret
    client.post(f"{page}announce/", {"words": "Soon", "tickets": "https://tickets.example/7"})

    told = client.get(page).content.decode()
    assert 'href="https://tickets.example/7"' in told and planned.notices.count() == 1


def test_a_duty_is_shown_and_may_be_waived_with_a_reason(client_as, responder, tell):
    one = tell(at=now())
    client, page = client_as(responder), one.get_absolute_url()
    assert "until it is due" in client.get("/changes/").content.decode()

    assert client.post(f"{page}no-verification/", {"note": ""}).status_code == 422
    client.post(f"{page}no-verification/", {"note": "A rehearsal"})

    assert Obligation.objects.get(subject=one.label).reason == "A rehearsal"
    assert "A rehearsal" in client.get(page).content.decode()


def test_a_late_verification_stands_on_now_and_leads_to_its_change(client_as, viewer, tell):
    one = tell(at=now() - timedelta(hours=2))

    page = client_as(viewer).get("/").content.decode()

    assert f'href="{one.get_absolute_url()}">Verification after' in page


def test_advice_stands_on_the_list_and_leads_to_the_rollback(client_as, responder, tell):
    tell(artifact="v1", at=now() - timedelta(hours=9))
    bad = tell(artifact="v2", at=now() - timedelta(hours=2))
    for number, minutes in ((1, 50), (2, 20)):
        failed(number, now() - timedelta(minutes=minutes))
    client = client_as(responder)

    page = client.get("/changes/").content.decode()
    assert "2 strict failures in a row" in page and "Runbook: Deploy and roll back" in page
    assert f"kind=rollback&amp;takes_back={bad.pk}&amp;domain=payments&amp;artifact=v1" in page
    given = {"kind": "rollback", "what": "Back", "domain": "payments", "artifact": "v1", "result": "succeeded"}
    client.post("/changes/new/", given | {"takes_back": str(bad.pk)})

    bad.refresh_from_db()
    assert bad.result == "rolled_back"
    assert "strict failures in a row" not in client.get("/changes/").content.decode()


def test_rules_are_shown_to_all_and_edited_by_admins(client_as, viewer, admin):
    assert "30 min" in client_as(viewer).get("/changes/rules/").content.decode()
    client = client_as(admin)
    seen = client.get("/changes/rules/flag/").context["form"]["seen"].value()
    given = {"seen": seen, "verify_minutes": "", "advice_failures": "3", "checklist": "Who switches it off?\r\n\r\n"}

    assert client.post("/changes/rules/flag/", given | {"advice_failures": "99"}).status_code == 422
    assert client.post("/changes/rules/flag/", given)["Location"] == "/changes/rules/"
    again = client.post("/changes/rules/flag/", given | {"advice_failures": "4"})

    row = ChangePolicy.objects.get(pk="flag")
    assert (row.verify_minutes, row.advice_failures, row.steps) == (None, 3, ["Who switches it off?"])
    assert (again.status_code, "Stored now" in again.content.decode()) == (409, True)


@pytest.mark.parametrize(
    ("zone", "typed", "moment"),
    [
        ("Europe/Berlin", "2126-07-01T18:00", datetime(2126, 7, 1, 16, tzinfo=UTC)),
        ("Europe/Berlin", "2126-12-01T18:00", datetime(2126, 12, 1, 17, tzinfo=UTC)),
        ("UTC", "2126-12-01T18:00", datetime(2126, 12, 1, 18, tzinfo=UTC)),
    ],
)
def test_a_freeze_is_planned_by_the_clock_of_a_place(client_as, publisher, zone, typed, moment):
    client = client_as(publisher)
    given = {"domain": "", "reason": "Black Friday", "time_zone": zone, "starts_at": "", "ends_at": typed}

    client.post("/changes/freezes/new/", given)

    one = Freeze.objects.get()
    assert (one.ends_at, one.time_zone) == (moment, zone)
    page = client.get("/changes/").content.decode()
    assert (f"18:00, {zone}" in page) == (zone != "UTC")


def test_nothing_is_written_by_looking(client_as, admin, planned):
    client, page = client_as(admin), planned.get_absolute_url()
    for place in ("sign-off/", "announce/", "no-verification/"):
        assert client.get(f"{page}{place}").status_code == 200

    assert not SignOff.objects.exists() and Change.objects.get().result == "planned"
    assert preflight.of(planned, at=now()).ticked == 0
