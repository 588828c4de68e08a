"""The screens of changes: who may what, filters and pages in the address, forms that keep what was typed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from incidents.changes import freezes, queries, suspects
from incidents.changes.models import Change, Freeze, Suspect
from opsportal.models import AuditEvent
from tests.incidents.cast import AT, SECRET, cost, domain, minutes, open_incident

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
HOUR = timedelta(hours=1)


@pytest.fixture
def given():
    """What the form sends."""
    return {
        "kind": "deploy",
        "what": "Deploy payments",
        "domain": "payments",
        "artifact": "2026.11.21-1",
        "result": "succeeded",
        "ticket": "",
        "started_at": "",
        "finished_at": "",
        "override": "",
    }


def body(answer: Any) -> str:
    return str(answer.content.decode())


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_what_stands_in_the_address(client_as, viewer, tell):
    at = now()
    tell(what="Newest", at=at)
    tell(what="Old one", at=at - timedelta(days=3))
    tell(what="Very old", at=at - timedelta(days=40))
    tell(what="Flag on", kind="flag", artifact="", at=at)
    tell(what="Broken", result="failed", at=at)
    tell(what="Of backend", domain=domain("backend"), at=at)
    tell(what="Of the house", domain=None, at=at)
    client = client_as(viewer)

    def shown(query: str) -> set[str]:
        page = body(client.get(f"/changes/{query}"))
        return {one.what for one in Change.objects.all() if f">{one.what}</a>" in page}

    everything = {"Newest", "Old one", "Flag on", "Broken", "Of backend", "Of the house"}
    assert shown("") == everything
    assert shown("?days=0") == everything | {"Very old"}
    assert shown("?days=1") == everything - {"Old one"}
    assert shown("?kind=flag") == {"Flag on"}
    assert shown("?result=failed") == {"Broken"}
    assert shown("?domain=backend") == {"Of backend"}
    assert shown("?domain=all-domains") == {"Of the house"}
    assert shown("?kind=no&result=no&domain=%20&days=x&before=x") == everything


def test_pages_by_key_hold_every_change_once(client_as, viewer, tell, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    made = [tell(what=f"Change {one}", at=AT) for one in range(5)]  # all of one moment
    seen, filters = [], queries.Filters(days=0)
    while True:
        page = queries.listing(filters, viewer, at=AT)
        seen += page.rows
        if page.before is None:
            break
        filters = queries.Filters(days=0, before=page.before)

    assert seen == made[::-1]
    assert 'href="?days=0&amp;before=' in body(client_as(viewer).get("/changes/?days=0"))


def test_the_list_costs_the_same_however_long_it_is(client_as, viewer, tell):
    tell(at=now())
    client = client_as(viewer)
    short = cost(client, "/changes/")
    for _ in range(5):
        tell(at=now(), domain=domain("backend"))

    assert cost(client, "/changes/") == short <= 14


def test_the_export_follows_the_filters_and_runs_nothing(client_as, viewer, tell):
    tell(what="=cmd()", at=now())
    tell(what="Other", kind="flag", artifact="", at=now())

    answer = client_as(viewer).get("/changes/export.csv?kind=deploy")
    text = b"".join(answer.streaming_content).decode()

    assert answer["Content-Type"].startswith("text/csv")
    assert text.startswith("change,kind,what,domain,artifact,ticket,result,")
    assert "'=cmd()" in text and "Other" not in text
    assert AuditEvent.objects.get(act="changes.export").actor == "viewer"


def test_freezes_and_the_last_known_good_stand_beside_it(client_as, viewer, publisher, tell):
    tell(artifact="2026.11.20-9", at=now() - HOUR)
    freezes.add_window(None, reason="Black Friday", starts_at=now() - HOUR, ends_at=None, by=publisher, at=now())

    page = body(client_as(viewer).get("/changes/"))

    assert "2026.11.20-9" in page and "Black Friday" in page and "Frozen: All domains." in page
    assert "Lift" not in page and "Record a change" not in page
    assert "Lift" in body(client_as(publisher).get("/changes/"))


# --- telling ----------------------------------------------------------------------------------------------------------


def test_a_change_is_told_by_the_form(client_as, responder, given):
    answer = client_as(responder).post("/changes/new/", given)

    one = Change.objects.get()
    assert answer["Location"] == f"/changes/CHG-{one.pk}/"
    assert (one.source, one.who, one.where) == ("web", "responder", "Payments")


def test_an_address_may_carry_what_is_known(client_as, responder):
    page = body(client_as(responder).get("/changes/new/?kind=rollback&domain=payments&artifact=v7&what=Back"))

    assert 'value="v7"' in page and 'value="Back"' in page
    assert '<option value="rollback" selected>' in page and '<option value="payments" selected>' in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"what": ""}, "Say what is changed."),
        ({"artifact": ""}, "Name the version"),
        ({"artifact": "two words"}, "without blanks"),
        ({"domain": "moon"}, "Choose one of the domains"),
        ({"ticket": "http://example.com/"}, "https://"),
        ({"ticket": "://"}, "Paste the ticket"),
        ({"started_at": "soon"}, "Write the time as"),
        ({"started_at": "2126-11-21T03:12"}, "has not come yet"),
        ({"started_at": "0206-11-21T03:12"}, "Look at the year"),
        ({"what": "\u200b\u202e"}, "Say what is changed."),
        ({"kind": "hope"}, "Select a valid choice"),
        ({"what": SECRET}, "Not saved"),
    ],
)
def test_what_is_not_well_formed_comes_back_with_a_sentence(client_as, responder, given, changes, sentence):
    sent = given | {"override": "kept as typed"} | changes
    answer = client_as(responder).post("/changes/new/", sent)

    assert answer.status_code == 422
    assert sentence in body(answer) and SECRET not in body(answer)
    assert "kept as typed" in body(answer)
    assert not Change.objects.exists()


def test_a_freeze_asks_for_a_reason_and_keeps_the_rest(client_as, responder, publisher, given):
    freezes.add_window(domain(), reason="Quarter end", starts_at=AT, ends_at=None, by=publisher, at=AT)
    client = client_as(responder)

    refused = client.post("/changes/new/", given)
    assert refused.status_code == 422
    assert "Changes are frozen for Payments" in body(refused) and 'value="2026.11.21-1"' in body(refused)

    assert client.post("/changes/new/", given | {"override": "Fixes INC-1"}).status_code == 302
    assert Change.objects.get().override == "Fixes INC-1"


# --- what became of it ------------------------------------------------------------------------------------------------


def test_the_page_offers_what_may_come_next_and_does_it(client_as, responder, viewer, tell):
    one = tell(result="running", at=now())
    address, client = f"/changes/CHG-{one.pk}/", client_as(responder)
    page = body(client.get(address))
    assert f"{address}succeed/" in page and f"{address}fail/" in page and f"{address}start/" not in page
    assert f"{address}succeed/" not in body(client_as(viewer).get(address))

    refused = client.post(f"{address}fail/", {"note": ""}, headers=HTMX)
    assert refused.status_code == 422 and "Say why." in body(refused)
    done = client.post(f"{address}fail/", {"note": "Health was red"}, headers=HTMX)

    assert done["HX-Redirect"] == address
    page = body(client.get(address))
    assert "Health was red" in page and "Failed" in page
    late = client.post(f"{address}succeed/", {"note": ""}, headers=HTMX)
    assert late.status_code == 422 and "cannot become succeeded" in body(late)


def test_a_rollback_is_prefilled_with_what_was_good_before(client_as, responder, tell):
    tell(artifact="v1", at=now() - 2 * HOUR)
    bad = tell(artifact="v2", at=now() - HOUR)

    page = body(client_as(responder).get(bad.get_absolute_url()))

    known = f"takes_back={bad.pk}&amp;domain=payments&amp;artifact=v1&amp;what=Roll+back+{bad.label}"
    wanted = f"/changes/new/?kind=rollback&amp;{known}"
    assert wanted in page and "Rolled back…" in page
    back = tell(kind="rollback", artifact="v1", takes_back=bad, at=now())
    assert "<dt>Rolls back</dt>" in body(client_as(responder).get(back.get_absolute_url()))


# --- freezes ----------------------------------------------------------------------------------------------------------


def test_a_publisher_freezes_and_lifts(client_as, publisher):
    client = client_as(publisher)
    given = {"domain": "", "reason": "Black Friday", "starts_at": "", "ends_at": "2126-11-30T08:00"}

    assert client.post("/changes/freezes/new/", given)["Location"] == "/changes/"
    freeze = Freeze.objects.get()
    assert (freeze.where, freeze.made_by) == ("All domains", publisher)
    assert client.post(f"/changes/freezes/{freeze.pk}/lift/", {"reason": ""}).status_code == 422
    assert client.post(f"/changes/freezes/{freeze.pk}/lift/", {"reason": "Sold out"}).status_code == 302
    freeze.refresh_from_db()
    assert (freeze.lifted_by, freeze.lifted_because) == (publisher, "Sold out")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say why."),
        ({"ends_at": "2020-01-01T00:00"}, "later end"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "Look at the year"),
        ({"reason": SECRET}, "Not saved"),
    ],
)
def test_a_freeze_that_is_not_well_formed_comes_back(client_as, publisher, changes, sentence):
    given = {"domain": "payments", "reason": "Quarter end", "starts_at": "", "ends_at": ""}
    answer = client_as(publisher).post("/changes/freezes/new/", given | changes)

    assert answer.status_code == 422 and sentence in body(answer)
    assert not Freeze.objects.exists()


# --- in an incident's room --------------------------------------------------------------------------------------------


def test_the_room_has_the_card_by_address_and_the_card_is_a_page_of_its_own(client_as, viewer, incident, tell):
    tell(what="Batch size 500", kind="configuration", artifact="", at=AT - HOUR)
    client = client_as(viewer)

    room = body(client.get(incident.get_absolute_url()))
    assert f'hx-get="{incident.get_absolute_url()}changes/"' in room
    assert f'<a href="{incident.get_absolute_url()}changes/">' in room
    page = body(client.get(f"{incident.get_absolute_url()}changes/"))
    assert page.count("<h1>") == 1 and "Batch size 500" in page and "before it began" in page
    assert "/suspect/" not in page
    part = body(client.get(f"{incident.get_absolute_url()}changes/", headers=HTMX))
    assert "<h1>" not in part and "Batch size 500" in part


def test_a_responder_suspects_a_change_and_it_stands_first(client_as, responder, incident, tell):
    cause, later = tell(what="Cause", at=AT - 2 * HOUR), tell(what="Later", at=AT - HOUR)
    client, card = client_as(responder), f"{incident.get_absolute_url()}changes/"
    before = body(client.get(card, headers=HTMX))
    assert before.index("Later") < before.index("Cause")

    act = f"{card}{cause.pk}/suspect/"
    assert client.post(act, {"reason": ""}).status_code == 422
    assert client.post(act, {"reason": "Errors began with it"})["Location"] == incident.get_absolute_url()

    after = body(client.get(card, headers=HTMX))
    assert after.index("Cause") < after.index("Errors began with it") < after.index("Later")
    room = body(client.get(incident.get_absolute_url()))
    assert "suspects the change" in room and ">That change</a>" in room and f'href="/changes/CHG-{cause.pk}/"' in room
    assert "Suspect</span>" in body(client.get(cause.get_absolute_url()))
    assert client.post(f"{card}{cause.pk}/clear/", {"reason": "It was DNS"}).status_code == 302
    assert "no longer suspects the change" in body(client.get(incident.get_absolute_url()))
    assert not Suspect.objects.exists() and later.pk


def test_a_viewer_learns_nothing_of_a_security_incident(client_as, viewer, responder, tell):
    hidden, one = open_incident(responder, nature="security"), tell(at=now())
    suspects.mark(hidden, one, reason="x", by=responder, at=minutes(1))
    client = client_as(viewer)

    assert client.get(f"{hidden.get_absolute_url()}changes/").status_code == 404
    for address in ("/changes/", one.get_absolute_url()):
        assert hidden.label not in body(client.get(address)) and "uspect" not in body(client.get(address))
    assert hidden.label in body(client_as(responder).get(one.get_absolute_url()))


def test_what_is_not_there_is_a_404(client_as, admin, incident):
    client = client_as(admin)

    for address in (
        *("/changes/CHG-99/", "/changes/CHG-99/start/", "/changes/freezes/99/lift/"),
        *(f"{incident.get_absolute_url()}changes/99/suspect/", "/incidents/INC-99/changes/"),
    ):
        assert client.get(address).status_code == 404
