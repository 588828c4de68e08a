"""The calendar, the forms around it and the handles, as each role meets them."""

import pytest

from incidents.oncall import actions, queries
from incidents.oncall.models import Holder, Override, Rotation
from tests.incidents.cast import AT, SECRET, cost
from tests.incidents.oncall.cast import DAY, HOUR, rota

ROTA = {
    "name": "Night", "people": "responder\n@publisher", "turn": "custom", "turn_hours": "12", "first_on": "2026-11-02",
    "handover_at": "20:00", "time_zone": "Europe/Berlin", "days": "1111111", "covers_from": "", "covers_until": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    for module in ("views", "rota_views"):
        monkeypatch.setattr(f"incidents.oncall.{module}.now", lambda: AT)


@pytest.fixture
def primary(responder, publisher, admin) -> Rotation:
    return rota("Primary", responder, publisher, by=admin, handle="@sre-oncall")


def test_the_week_shows_shifts_who_has_it_now_and_what_comes(primary, client_as, viewer):
    page = client_as(viewer).get("/oncall/").content.decode()

    assert "Week 47, 16 Nov to 22 Nov 2026. No gap in the next seven days." in page
    assert (
        '<b>responder</b><span class="sub">Fri 08:00 to Sat 08:00</span><span class="badge badge--accent">Now' in page
    )
    assert "publisher takes Primary" in page
    assert "I take it now" not in page


def test_a_gap_is_said_on_top_with_a_way_to_cover_it(primary, client_as, responder):
    actions.be_away(primary, starts_at=AT + DAY, ends_at=AT + 2 * DAY, reason="Away", by=responder, at=AT)

    page = client_as(responder).get("/oncall/").content.decode()

    assert "Primary has nobody from Sunday 03:12 UTC for 24 h" in page
    assert "/oncall/rotas/primary/stand-in/?from=2026-11-22T03%3A12%3A00%2B00%3A00" in page


@pytest.mark.parametrize("day", ["x", "1999-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_is_not_found(day, client_as, viewer):
    assert client_as(viewer).get(f"/oncall/?day={day}").status_code == 404


def test_the_price_of_the_page_does_not_grow_with_the_rotas(primary, client_as, responder, publisher, admin):
    client = client_as(responder)
    few = cost(client, "/oncall/")
    for number in range(3):
        rota(f"More {number}", responder, publisher, by=admin, handle=f"@more-{number}")

    assert cost(client, "/oncall/") == few


def test_a_responder_takes_it_with_a_reason(primary, client_as, publisher):
    answer = client_as(publisher).post("/oncall/take/", {"rota": "primary", "until": "4", "reason": "Awake"})

    assert answer.status_code == 302
    taken = Override.objects.get()
    assert (taken.person, taken.starts_at, taken.ends_at) == (publisher, AT, AT + 4 * HOUR)


def test_until_the_end_of_the_shift_means_the_hand_over(primary, client_as, publisher):
    client_as(publisher).post("/oncall/take/", {"rota": "primary", "until": "shift", "reason": "Awake"})

    assert Override.objects.get().ends_at == AT.replace(hour=8, minute=0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say why."),
        ({"rota": "none"}, "Choose a rota from the list."),
        ({"reason": SECRET}, "We took it"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(primary, client_as, publisher, changes, sentence):
    words = {"rota": "primary", "until": "8", "reason": "Kept words"} | changes
    answer = client_as(publisher).post("/oncall/take/", words)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Override.objects.exists()
    assert SECRET not in answer.content.decode()


def test_somebody_stands_in_by_form_and_is_called_off(primary, client_as, responder):
    client = client_as(responder)
    words = {"who": "admin", "starts_at": "2026-11-21T04:00", "ends_at": "2026-11-21T06:00", "reason": "Swap"}

    assert client.post("/oncall/rotas/primary/stand-in/", words).status_code == 302
    assert client.post("/oncall/rotas/primary/stand-in/", words | {"ends_at": "2026-11-21T04:00"}).status_code == 422
    assert "admin" in client.get("/oncall/").content.decode()

    client.post(f"/oncall/overrides/{Override.objects.get().pk}/end/")
    assert not Override.objects.standing().exists()


def test_standing_in_is_offered_until_the_hand_over(primary, client_as, publisher):
    page = client_as(publisher).get("/oncall/rotas/primary/stand-in/").content.decode()

    assert 'value="2026-11-21T08:00"' in page


def test_an_admin_makes_changes_and_ends_a_rota(client_as, admin, responder, publisher):
    client = client_as(admin)

    assert client.post("/oncall/rotas/new/", ROTA)["Location"] == "/oncall/handles/"
    page = client.get("/oncall/rotas/night/").content.decode()
    assert "responder\npublisher</textarea>" in page
    changed = ROTA | {"people": "admin", "version": "1"}
    assert client.post("/oncall/rotas/night/", changed).status_code == 302
    assert client.post("/oncall/rotas/night/", changed).status_code == 409
    assert client.post("/oncall/rotas/night/end/").status_code == 302
    assert client.get("/oncall/rotas/night/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"people": "nobody-here"}, "Nobody is called nobody-here."),
        ({"people": ""}, "Name at least one person."),
        ({"turn_hours": ""}, "Say how many hours a turn lasts."),
        ({"turn_hours": "2"}, "greater than or equal to 4"),
        ({"covers_from": "08:00"}, "Give both times"),
        ({"handover_at": "late"}, "Write the time as 08:00."),
        ({"time_zone": "Moon/Base"}, "Select a valid choice"),
        ({"first_on": "2026-02-30"}, "day"),
    ],
)
def test_a_rota_that_cannot_be_is_said_in_words(client_as, admin, responder, publisher, changes, sentence):
    answer = client_as(admin).post("/oncall/rotas/new/", ROTA | changes)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Rotation.objects.exists()


def test_handles_show_who_answers_and_amber_where_nobody_does(primary, client_as, viewer):
    page = client_as(viewer).get("/oncall/handles/").content.decode()

    assert "rota Primary" in page
    assert "Shift of Primary, until Sat 08:00" in page
    assert "Nobody holds @be-lead" in page


def test_an_admin_gives_a_handle_to_somebody(primary, client_as, admin, viewer):
    client = client_as(admin)

    assert client.post("/oncall/handles/@be-lead/", {"holder": "person:viewer", "version": "0"}).status_code == 302
    assert queries.who("@be-lead", AT).person == viewer
    assert client.post("/oncall/handles/@be-lead/", {"holder": "", "version": "0"}).status_code == 409
    assert client.post("/oncall/handles/@be-lead/", {"holder": "", "version": "1"}).status_code == 302
    assert Holder.objects.get(handle="@be-lead").person is None
    assert client.get("/oncall/handles/@who-is-that/").status_code == 404


def test_who_is_on_call_now_stands_on_a_page_and_as_a_part_of_other_screens(primary, client_as, viewer, responder):
    client = client_as(viewer)
    whole, part = client.get("/oncall/now/"), client.get("/oncall/now/", headers={"HX-Request": "true"})

    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "DevOps/SRE: responder" in part.content.decode()
    assert "nobody holds @sre-lead, so the backup @sre-oncall" in part.content.decode().lower()
    assert 'id="on-call"' in client.get("/oncall/domains/payments/").content.decode()
    assert client.get("/oncall/domains/none/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/incidents/new/", "/alerts/"])
def test_every_screen_that_needs_it_asks_who_is_on_call(path, client_as, responder):
    assert 'hx-get="/oncall/now/"' in client_as(responder).get(path).content.decode()
