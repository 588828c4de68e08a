"""Calendars behind secret addresses, and gaps that are said while there is time."""

import pytest
from django.test import Client

from incidents.oncall import actions, feeds, gap_watch
from incidents.oncall.models import CalendarFeed, Rotation
from opsportal.models import Delivery, User
from tests.incidents.cast import AT
from tests.incidents.oncall.cast import DAY, HOUR, rota


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("incidents.oncall.feed_views.now", lambda: AT)


@pytest.fixture
def primary(responder, publisher, admin) -> Rotation:
    return rota("Primary, nights", responder, publisher, by=admin, handle="@sre-oncall")


def lines(word: str) -> list[str]:
    return Client().get(f"/oncall/calendar/{word}.ics").content.decode().split("\r\n")


def test_a_persons_calendar_holds_their_final_shifts_and_no_others(primary, responder, publisher, admin):
    actions.stand_in(primary, admin, starts_at=AT, ends_at=AT + HOUR, reason="Swap", by=admin, at=AT)
    word = feeds.make(responder, is_team=False, at=AT)

    found = lines(word)

    assert found[0] == "BEGIN:VCALENDAR"
    assert {one for one in found if one.startswith("SUMMARY")} == {"SUMMARY:responder: Primary\\, nights"}
    starts = [one for one in found if one.startswith("DTSTART")]
    assert starts == sorted(starts)
    # The turn of Friday 08:00 is cut by the hour that the admin has.
    assert "DTSTART:20261120T080000Z" in found
    assert f"DTEND:{AT:%Y%m%dT%H%M%SZ}" in found
    assert f"DTSTART:{AT + HOUR:%Y%m%dT%H%M%SZ}" in found


def test_the_teams_calendar_holds_everybody_and_the_gaps(primary, responder, viewer):
    actions.be_away(primary, starts_at=AT + DAY, ends_at=AT + 2 * DAY, reason="Away", by=responder, at=AT)
    found = lines(feeds.make(viewer, is_team=True, at=AT))

    names = {one for one in found if one.startswith("SUMMARY")}
    assert names == {f"SUMMARY:{name}: Primary\\, nights" for name in ("responder", "publisher", "Nobody")}


def test_a_reader_that_has_it_is_told_so(primary, responder):
    address = f"/oncall/calendar/{feeds.make(responder, is_team=False, at=AT)}.ics"
    first = Client().get(address)

    again = Client().get(address, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert not first.cookies


def test_a_new_address_ends_the_one_before_and_an_end_is_an_end(primary, responder):
    first, second = (feeds.make(responder, is_team=False, at=AT) for _ in range(2))

    assert Client().get(f"/oncall/calendar/{first}.ics").status_code == 404
    assert Client().get(f"/oncall/calendar/{second}.ics").status_code == 200
    assert feeds.revoke(responder, is_team=False, at=AT)
    assert not feeds.revoke(responder, is_team=False, at=AT)
    assert Client().get(f"/oncall/calendar/{second}.ics").status_code == 404


def test_the_calendar_of_somebody_who_may_not_sign_in_any_more_ends(primary, responder):
    word = feeds.make(responder, is_team=True, at=AT)
    User.objects.filter(pk=responder.pk).update(is_active=False)

    assert Client().get(f"/oncall/calendar/{word}.ics").status_code == 404


def test_the_word_is_shown_once_and_never_kept(primary, client_as, viewer):
    client = client_as(viewer)

    page = client.post("/oncall/calendars/", {"which": "own"}).content.decode()
    word = page.split("/oncall/calendar/")[1].split(".ics")[0]

    assert Client().get(f"/oncall/calendar/{word}.ics").status_code == 200
    assert word not in client.get("/oncall/calendars/").content.decode()
    assert CalendarFeed.objects.get().token_hash != word
    client.post("/oncall/calendars/", {"which": "own", "act": "end"})
    assert Client().get(f"/oncall/calendar/{word}.ics").status_code == 404


def test_a_gap_ahead_is_said_once_while_it_comes_nearer(primary, responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
    actions.be_away(primary, starts_at=AT + 2 * DAY, ends_at=AT + 3 * DAY, reason="Away", by=responder, at=AT)

    assert [gap_watch.announce(at=AT + number * DAY) for number in range(4)] == [1, 1, 1, 0]

    told = Delivery.objects.get()
    assert told.subject == "Primary, nights has nobody from Mon 23 Nov 03:12 UTC"
    assert "For about 24 h" in told.body


def test_a_gap_that_is_covered_or_far_away_is_not_said(primary, responder, admin, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
    actions.be_away(primary, starts_at=AT + 9 * DAY, ends_at=AT + 10 * DAY, reason="Far", by=responder, at=AT)
    span = {"starts_at": AT + DAY, "ends_at": AT + 2 * DAY}
    actions.be_away(primary, **span, reason="Away", by=responder, at=AT)
    actions.stand_in(primary, admin, **span, reason="Covered", by=admin, at=AT)

    assert gap_watch.announce(at=AT) == 0
    assert not Delivery.objects.exists()


def test_an_address_needs_a_recent_sign_in_and_ending_it_does_not(responder, client):
    client.force_login(responder)
    feeds.make(responder, is_team=False, at=AT)
    before = list(CalendarFeed.objects.values_list("token_hash", "revoked_at"))

    answer = client.post("/oncall/calendars/", {"which": "own"})

    assert (answer.status_code, answer["Location"].startswith("/account/again/")) == (302, True)
    assert list(CalendarFeed.objects.values_list("token_hash", "revoked_at")) == before
    assert client.get("/oncall/calendars/").status_code == 200
    client.post("/oncall/calendars/", {"which": "own", "act": "end"})
    assert not CalendarFeed.objects.filter(revoked_at=None).exists()
