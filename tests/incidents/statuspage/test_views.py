"""Staff screens: who may, pages and parts, words after an act."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from incidents.statuspage import actions, drafts, planning
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.models import Component, Observation, PublicIncident, StatusUpdate
from incidents.statuspage.planning import Plan
from opsportal.models import AuditEvent
from tests.incidents.statuspage.conftest import ago

HTMX = {"HTTP_HX-Request": "true", "HTTP_HX-Request-Type": "partial"}
BOARD = "/statuspage/"


@pytest.fixture
def room(incident) -> str:
    return f"/incidents/{incident.label}/public/"


@pytest.fixture
def draft(draft: StatusUpdate) -> StatusUpdate:
    """Views read the real clock, so the promise lies ahead of it."""
    draft.next_update_at = now() + timedelta(minutes=30)
    draft.save()
    return draft


@pytest.fixture
def words(incident) -> dict[str, str]:
    """What a person sends from a phone: three fields; title and components are filled in."""
    return {
        "title": "Errors in the API",
        "status": "identified",
        "body": "We have found the cause.",
        "next_update": str(int(now().timestamp()) + 1800),
        f"component-{Component.objects.get(name='API').public_id}": "partial_outage",
    }


def test_the_board_shows_drafts_components_and_the_age_of_the_page(
    client_as, viewer, draft, django_assert_max_num_queries
):
    actions.rebuild(ago(minutes=1))
    client = client_as(viewer)

    with django_assert_max_num_queries(18):
        page = client.get(BOARD).content.decode()

    assert draft.public_incident.name in page
    assert "Notifications" in page
    assert "The public page was built" in page
    assert 'name="status"' not in page


def test_the_board_shows_components_as_readers_see_them(client_as, viewer, publisher, backend, snapshot_dir):
    api, ingest, exports = (Component.objects.get(name=one) for one in ("API", "Ingest", "Notifications"))
    Component.objects.filter(pk=ingest.pk).update(follows="set")
    Observation.objects.create(
        component=ingest, status="operational", since=ago(hours=2), as_of=ago(hours=1), fresh_until=ago(minutes=50)
    )
    work = Plan("Upgrade", "Short.", "public", backend, (api,), now(), now() + timedelta(hours=1))
    told = planning.plan(work, by=publisher, at=now())
    Maintenance.objects.filter(pk=told.pk).update(announced_at=now())

    page = client_as(viewer).get(BOARD)

    shown = {one.component.name: one for one in page.context["board"].components}
    assert (shown["API"].shown, shown["API"].is_as_set) == ("under_maintenance", False)
    assert shown[ingest.name].unknown_since == ago(hours=1)
    assert shown[exports.name].is_as_set
    assert "Planned work runs, set to operational" in page.content.decode()
    assert "Checks silent since" in page.content.decode()


def test_a_file_from_the_host_that_nobody_can_read_is_shown_and_set_aside(
    client_as, viewer, publisher, backend, snapshot_dir, settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "host_posts"
    folder.mkdir()
    (folder / "20261121T031200-word.json").write_text('{"cut": "off')
    aside = reverse("incidents:host_file_aside")

    seen = client_as(viewer).get(BOARD).content.decode()
    line = client_as(viewer).get(reverse("incidents:honesty"), **HTMX).content.decode()
    client_as(publisher).post(aside, {"name": "../../elsewhere.json"})
    client_as(publisher).post(aside, {"name": "20261121T031200-word.json"})

    assert "readers do not have it: host_posts/20261121T031200-word.json." in seen
    assert "An update from the host cannot be read" in line
    assert [one.name for one in folder.iterdir()] == ["20261121T031200-word.refused"]
    assert "cannot be read" not in client_as(viewer).get(BOARD).content.decode()
    assert AuditEvent.objects.get(act="status_update.host_file_aside").object == "20261121T031200-word.json"


def test_a_publisher_sets_a_component(client_as, publisher, incident):
    api = Component.objects.get(name="API")
    client = client_as(publisher)
    assert 'name="status"' in client.get(BOARD).content.decode()

    answer = client.post(reverse("incidents:component_status", args=[api.public_id]), {"status": "major_outage"})

    assert answer["Location"] == BOARD
    assert Component.objects.get(name="API").status == "major_outage"
    assert "API: Major outage." in client.get(BOARD).content.decode()


@pytest.mark.parametrize("status", ["operational", "on_fire", ""])
def test_a_status_that_is_none_or_the_same_is_said_in_words(client_as, publisher, incident, status):
    api = Component.objects.get(name="API")
    client = client_as(publisher)

    client.post(reverse("incidents:component_status", args=[api.public_id]), {"status": status})

    page = client.get(BOARD).content.decode()
    assert "already operational" in page or "Choose one of the five statuses" in page


def test_a_publisher_adds_and_edits_a_component(client_as, publisher, backend, snapshot_dir):
    client = client_as(publisher)
    given = {"name": "Checkout", "description": "", "group_name": "", "domain": backend.pk, "follows": "nothing"}
    given |= {"start_date": "2026-02-01"}

    assert client.post("/statuspage/components/new/", given).status_code == 302
    component = Component.objects.get(name="Checkout")
    edit = f"/statuspage/components/{component.public_id}/"
    assert client.post(edit, given | {"name": "Cashier"}).status_code == 302
    taken = client.post(edit, given | {"name": "API"})

    assert Component.objects.get(pk=component.pk).name == "Cashier"
    assert taken.status_code == 422
    assert "There is a component of this name already;" in taken.content.decode()


@pytest.mark.parametrize(
    ("role", "form", "publish"), [("viewer", False, False), ("responder", True, False), ("publisher", True, True)]
)
def test_what_each_role_can_do_with_a_draft(client_as, request, draft, room, role, form, publish):
    page = client_as(request.getfixturevalue(role)).get(room).content.decode()

    assert ('name="body"' in page) == form
    assert ("Publish…" in page) == publish
    assert "Exactly as readers will see it" in page
    assert draft.body in page


def test_the_panel_of_the_room_is_a_part_of_the_same_address(client_as, responder, draft, room):
    part = client_as(responder).get(room, **HTMX).content.decode()

    assert part.strip().startswith('<section class="card" id="public"')
    assert "<html" not in part
    assert "A draft waits" in part


def test_an_incident_without_any_public_words_starts_from_its_domain(client_as, responder, incident, room):
    page = client_as(responder).get(room).content.decode()

    assert "Readers know nothing of this incident." in page
    assert "We are looking into a problem with API, Ingest, Geo enrichment and Notifications." in page


def test_an_unknown_incident_is_not_found(client_as, responder, snapshot_dir):
    assert client_as(responder).get("/incidents/INC-999/public/").status_code == 404


def test_a_phase_offers_its_words_without_saving(client_as, responder, draft, room):
    page = client_as(responder).get(f"{room}?phase=resolved").content.decode()

    assert "is resolved. Everything works as usual again." in page
    assert StatusUpdate.objects.get().status == "investigating"


def test_three_fields_make_a_draft_and_two_more_clicks_publish_it(client_as, publisher, incident, room, words):
    client = client_as(publisher)

    saved = client.post(f"{room}save/", words)
    asked = client.get(f"{room}publish/").content.decode()
    seen = drafts.fingerprint(StatusUpdate.objects.get())
    done = client.post(f"{room}publish/", {"seen": seen})

    assert (saved["Location"], done["Location"]) == (room, room)
    assert "A mistake is corrected in the open." in asked
    assert f'value="{seen}"' in asked
    assert PublicIncident.objects.get().name == "Errors in the API"
    assert Component.objects.get(name="API").status == "partial_outage"


@pytest.mark.django_db(transaction=True)
def test_publishing_says_that_readers_see_it(client_as, publisher, draft, room):
    client = client_as(publisher)

    client.post(f"{room}publish/", {"seen": drafts.fingerprint(draft)})

    assert "Published. Readers see it now." in client.get(room).content.decode()


@pytest.mark.django_db(transaction=True)
def test_publishing_without_a_disk_says_so(client_as, publisher, draft, room, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.SNAPSHOT_DIR = tmp_path / "file" / "snapshot"
    client = client_as(publisher)

    client.post(f"{room}publish/", {"seen": drafts.fingerprint(draft)})

    assert "the public page could not be written" in client.get(room).content.decode()
    assert StatusUpdate.objects.get().state == "published"


def test_the_dialog_is_the_same_address_as_its_page(client_as, publisher, draft, room):
    client = client_as(publisher)

    part, page = client.get(f"{room}publish/", **HTMX), client.get(f"{room}publish/")

    assert "<html" not in part.content.decode()
    assert 'id="dialog-title"' in part.content.decode()
    assert 'id="dialog-title"' in page.content.decode()


def test_words_that_may_not_be_stored_come_back_without_them(client_as, responder, room, words):
    answer = client_as(responder).post(f"{room}save/", words | {"body": "Ask a.person@example.com"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "a.person@example.com" not in page
    assert "[removed: e-mail address]" in page
    assert not StatusUpdate.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"next_update": ""}, "Say by when readers hear from you next."),
        ({"next_update": "1"}, "That time has passed. Choose another."),
        ({"next_update": "99999999999999999"}, "Say by when readers hear from you next."),
        ({"next_update": "soon"}, "Choose a time from the list."),
        ({"body": ""}, "Write what readers need to know."),
        ({"title": ""}, "Give readers a title."),
    ],
)
def test_a_form_that_is_not_complete_says_what_is_missing(client_as, responder, room, words, change, sentence):
    answer = client_as(responder).post(f"{room}save/", words | change)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_resolved_needs_no_next_update(client_as, responder, room, words):
    answer = client_as(responder).post(f"{room}save/", words | {"status": "resolved", "next_update": ""})

    assert answer.status_code == 302
    assert StatusUpdate.objects.get().next_update_at is None


def test_a_draft_that_somebody_else_saved_shows_both_texts(client_as, responder, draft, room, words):
    seen = drafts.fingerprint(draft)
    StatusUpdate.objects.update(body="The other words.")

    answer = client_as(responder).post(f"{room}save/", words | {"seen": seen})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The other words." in page
    assert "We have found the cause." in page


def test_publishing_without_a_promise_is_refused_in_words(client_as, publisher, incident, room):
    actions.draft_first(incident, at=ago(minutes=9))
    client = client_as(publisher)

    asked = client.get(f"{room}publish/").content.decode()
    client.post(f"{room}publish/")

    assert "Say by when readers hear from you next." in asked
    assert "Publish update" not in asked
    assert "Say by when readers hear from you next." in client.get(room).content.decode()
    assert StatusUpdate.objects.get().state == "draft"


def test_what_cannot_be_published_yet_says_why_and_offers_no_button(client_as, publisher, incident, room):
    actions.draft_first(incident, at=ago(minutes=9))

    page = client_as(publisher).get(room).content.decode()

    assert "Not yet: Say by when readers hear from you next." in page
    assert "Publish…" not in page


def test_a_responder_cannot_publish(client_as, responder, draft, room):
    assert client_as(responder).get(f"{room}publish/").status_code == 403
    assert client_as(responder).post(f"{room}publish/").status_code == 403


def test_discarding_asks_first(client_as, responder, draft, room):
    client = client_as(responder)

    assert "Discard this draft?" in client.get(f"{room}discard/").content.decode()
    assert StatusUpdate.objects.get().state == "draft"
    client.post(f"{room}discard/")

    assert StatusUpdate.objects.get().state == "discarded"
