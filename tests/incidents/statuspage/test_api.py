"""Components and updates for programs: the acts of the screens behind scopes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from incidents.response.models import TimelineEvent
from incidents.response.states import Kind
from incidents.statuspage.models import Component, Page, StatusUpdate
from opsportal.models import User
from opsportal.roles import Role
from opsportal.tokens import actions as tokens

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
WORDS = {"status": "identified", "body": "We have found the cause."}


def program(user: User, *scopes: str) -> Callable[..., Any]:
    words: dict[str, Any] = {"name": "program", "scopes": list(scopes), "lifetime": timedelta(days=1)}
    text = tokens.issue(user, **words, by="cast", at=timezone.now()).text

    def ask(method: str, path: str, body: Any = None, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {text}"}
        if method == "get":
            return Client().get(f"{ROOT}{path}", query, headers=headers)
        return getattr(Client(), method)(f"{ROOT}{path}", body, content_type="application/json", headers=headers)

    return ask


@pytest.fixture
def write(publisher: User) -> Callable[..., Any]:
    return program(publisher, "status:read", "status:write")


@pytest.fixture
def read(viewer: User) -> Callable[..., Any]:
    return program(viewer, "status:read")


def soon(**span: float) -> str:
    return (timezone.now() + timedelta(**(span or {"minutes": 30}))).isoformat()


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def page() -> str:
    return (settings.SNAPSHOT_DIR / "current/status/index.html").read_text()


def test_components_are_told_in_order_as_set_and_as_readers_see_them(read, backend):
    items = read("get", "/components").json()["items"]

    assert [one["name"] for one in items] == [one.name for one in Component.objects.in_use().in_order()]
    assert {one["shown"] for one in items} == {"operational"}
    assert read("get", f"/components/{items[0]['id']}").json() == items[0]


def test_pages_of_components_hold_each_once(read, backend):
    first = read("get", "/components", limit=2).json()
    rest = read("get", "/components", cursor=first["next"]).json()

    names = [one["name"] for one in (*first["items"], *rest["items"])]
    assert names == [one.name for one in Component.objects.in_use().in_order()]


@pytest.mark.django_db(transaction=True)
def test_a_program_sets_a_component_and_readers_see_it(write, snapshot_dir):
    api = Component.objects.get(name="API")

    told = write("post", f"/components/{api.public_id}/status", {"status": "partial_outage"})

    assert (told.status_code, told.json()["status"], told.json()["shown"]) == (200, "partial_outage", "partial_outage")
    assert "API is affected" in page()
    again = write("post", f"/components/{api.public_id}/status", {"status": "partial_outage"})
    assert code(again) == (422, "STATUS_UNCHANGED")
    assert code(write("post", "/components/nothing/status", {"status": "operational"})) == (404, "NOT_FOUND")


def test_words_are_published_by_one_call_and_stand_on_the_timeline(write, read, incident):
    api = Component.objects.get(name="API")
    body = WORDS | {
        "title": "Problem with the API",
        "next_update_at": soon(),
        "components": {api.public_id: "major_outage"},
    }

    made = write("post", f"/incidents/{incident.number}/updates", body)

    assert made.status_code == 201
    told = made.json()
    assert (told["state"], told["title"], told["published_by"]) == ("published", "Problem with the API", "publisher")
    assert [(one["name"], one["new_status"]) for one in told["components"]] == [("API", "major_outage")]
    assert told["address"].endswith(f"/#u-{told['id']}")
    assert read("get", f"/updates/{told['id']}").json() == told
    assert TimelineEvent.objects.get(incident=incident, kind=Kind.PUBLIC_UPDATE).source == "api"


def test_what_is_refused_leaves_no_draft_behind(write, incident):
    path = f"/incidents/{incident.number}/updates"

    assert code(write("post", path, WORDS)) == (422, "NEXT_UPDATE_MISSING")
    assert code(write("post", path, WORDS | {"next_update_at": soon(days=8)})) == (422, "NEXT_UPDATE_FAR")
    assert code(write("post", path, WORDS | {"components": {"nothing": "operational"}})) == (422, "COMPONENT_UNKNOWN")
    assert not StatusUpdate.objects.filter(body=WORDS["body"]).exists()


def test_a_draft_is_saved_read_and_published_as_it_was_read(write, incident, draft):
    path = f"/incidents/{incident.number}/draft"
    saved = write("put", path, WORDS | {"next_update_at": soon()}).json()
    assert (saved["state"], saved["address"]) == ("draft", None)
    assert [one["id"] for one in saved["components"]] == [row["code"] for row in draft.affected_components]

    assert code(write("post", f"{path}/publish", {"seen": "else"})) == (409, "DRAFT_CHANGED")
    told = write("post", f"{path}/publish", {"seen": saved["mark"]}).json()

    assert (told["state"], told["id"], told["mark"]) == ("published", saved["id"], "")
    assert code(write("post", f"{path}/publish", {"seen": saved["mark"]})) == (422, "NO_DRAFT")


def test_the_words_of_somebody_else_are_not_overwritten_unseen(write, incident, responder):
    mine = write("put", f"/incidents/{incident.number}/draft", WORDS).json()
    other = program(User.objects.add("second", Role.PUBLISHER), "status:write")

    assert code(other("put", f"/incidents/{incident.number}/draft", WORDS)) == (409, "DRAFT_CHANGED")
    taken = other("put", f"/incidents/{incident.number}/draft", WORDS | {"body": "Other words.", "seen": mine["mark"]})
    assert (taken.status_code, taken.json()["drafted_by"]) == (200, "publisher")


def test_a_second_person_approves_where_one_is_asked_for(write, incident):
    Page.objects.update(needs_approval=True)
    path = f"/incidents/{incident.number}/draft"
    second = program(User.objects.add("second", Role.PUBLISHER), "status:write")
    mark = write("put", path, WORDS | {"next_update_at": soon()}).json()["mark"]

    assert code(write("post", f"{path}/publish", {"seen": mark})) == (422, "APPROVAL_MISSING")
    assert second("post", f"{path}/approve", {"seen": mark}).json()["approved_by"] == "second"
    told = write("post", f"{path}/publish", {"seen": mark}).json()
    assert (told["approved_by"], told["published_by"], told["bypass_reason"]) == ("second", "publisher", "")


def test_in_an_emergency_a_program_says_why_nobody_waits(write, incident):
    Page.objects.update(needs_approval=True)

    body = WORDS | {"next_update_at": soon(), "bypass": "Everybody else sleeps"}
    told = write("post", f"/incidents/{incident.number}/updates", body).json()

    assert (told["state"], told["bypass_reason"]) == ("published", "Everybody else sleeps")


def test_a_draft_is_thrown_away(write, incident, draft):
    assert write("delete", f"/incidents/{incident.number}/draft").status_code == 204
    assert code(write("delete", f"/incidents/{incident.number}/draft")) == (422, "NO_DRAFT")


def test_a_published_update_is_corrected_and_removed(write, read, incident):
    told = write("post", f"/incidents/{incident.number}/updates", WORDS | {"next_update_at": soon()}).json()

    mended = write("post", f"/updates/{told['id']}/correct", {"body": "We found the cause."}).json()
    assert (mended["body"], mended["corrected_at"] is None) == ("We found the cause.", False)
    gone = write("post", f"/updates/{told['id']}/remove", {"reason": "It named a customer"}).json()
    assert (gone["state"], gone["body"], gone["removal_reason"]) == ("removed", "", "It named a customer")
    assert code(write("post", f"/updates/{told['id']}/remove", {"reason": "again"})) == (422, "NOT_PUBLISHED")


def test_an_incident_is_unpublished(write, incident):
    write("post", f"/incidents/{incident.number}/updates", WORDS | {"next_update_at": soon()})

    assert write("post", f"/incidents/{incident.number}/unpublish", {"reason": "The wrong one"}).status_code == 204
    again = write("post", f"/incidents/{incident.number}/unpublish", {"reason": "The wrong one"})
    assert code(again) == (422, "NOT_PUBLIC")


def test_the_list_is_narrowed_and_leaves_out_what_is_hidden(write, read, incident):
    told = write("post", f"/incidents/{incident.number}/updates", WORDS | {"next_update_at": soon()}).json()
    write("put", f"/incidents/{incident.number}/draft", WORDS)

    def ids(**query: Any) -> list[str]:
        return [one["id"] for one in read("get", "/updates", **query).json()["items"]]

    assert ids(state="published") == [told["id"]]
    assert ids(incident=incident.number)[-1] == told["id"] and len(ids(incident=incident.number)) == 2
    assert ids(incident=incident.number + 1) == []
    incident.nature = "security"
    incident.save(update_fields=["nature"])
    assert ids() == []
    assert code(read("get", f"/updates/{told['id']}")) == (404, "NOT_FOUND")


def test_secrets_and_who_only_reads_are_refused(write, read, incident):
    secret = WORDS | {
        "body": "Look at postgres://app:" + "hunter2secret@db/prod",
        "next_update_at": soon(),
    }

    assert write("post", f"/incidents/{incident.number}/updates", secret).status_code == 422
    assert code(read("post", f"/incidents/{incident.number}/updates", WORDS)) == (403, "SCOPE_MISSING")


def test_lists_cost_the_same_however_long(read, write, incident, django_assert_num_queries):
    write("post", f"/incidents/{incident.number}/updates", WORDS | {"next_update_at": soon()})
    read("get", "/updates")

    with django_assert_num_queries(3):  # token, count of the minute, page
        read("get", "/updates")
