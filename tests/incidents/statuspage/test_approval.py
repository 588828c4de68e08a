"""A second person before readers see it, by choice of an admin; ready texts that publishers edit; quiet updates."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from incidents.statuspage import actions, approval, drafts, news, texts
from incidents.statuspage.models import Page, StatusUpdate
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.roles import Role
from tests.incidents.statuspage.conftest import NOW
from tests.locking import locked

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db) -> User:
    return User.objects.add("second", Role.PUBLISHER)


@pytest.fixture
def asked(db) -> None:
    Page.objects.update(needs_approval=True)


def refusal(update: StatusUpdate, by: User, **given: str) -> str:
    with pytest.raises(Refused) as refused:
        actions.publish(update, by=by, at=NOW, **given)
    return refused.value.code


def approved(update: StatusUpdate, by: User) -> StatusUpdate:
    return approval.approve(update, by=by, at=NOW, seen=drafts.fingerprint(update))


def test_nobody_is_asked_unless_an_admin_says_so(draft, publisher):
    assert actions.publish(draft, by=publisher, at=NOW).state == "published"


def test_asked_for_another_publisher_approves_first(asked, draft, publisher, second):
    assert refusal(draft, publisher) == "APPROVAL_MISSING"

    update = actions.publish(approved(draft, second), by=publisher, at=NOW)

    assert (update.state, update.approved_by, update.published_by) == ("published", second, publisher)
    assert AuditEvent.objects.get(act="status_update.approve").actor == "second"


def test_the_incident_is_locked_before_the_words_that_are_approved(asked, draft, second):
    names = [one for one in locked(lambda: approved(draft, second)) if one.startswith("incidents_")]

    assert names == ["incidents_incident", "incidents_statusupdate"]


def test_ones_own_approval_does_not_count(asked, draft, publisher):
    approved(draft, publisher)

    assert refusal(draft, publisher) == "APPROVAL_MISSING"


def test_an_edit_takes_the_approval_away(asked, draft, publisher, second, write):
    approved(draft, second)

    edited = write(body="Other words.", seen=drafts.fingerprint(draft))

    assert refusal(edited, publisher) == "APPROVAL_MISSING"


def test_in_an_emergency_a_reason_is_enough_and_stays(asked, draft, publisher):
    assert refusal(draft, publisher, bypass="   ") == "APPROVAL_MISSING"

    update = actions.publish(draft, by=publisher, at=NOW, bypass="Nobody else is awake.")

    assert update.bypass_reason == "Nobody else is awake."
    assert AuditEvent.objects.get(act="status_update.bypass").reason == "Nobody else is awake."


def test_a_responder_approves_nothing_and_a_publisher_does_not_change_the_rule(draft, responder, publisher):
    with pytest.raises(Denied):
        approved(draft, responder)
    with pytest.raises(Denied):
        approval.set_needed(True, by=publisher, at=NOW)


def test_what_changed_after_the_look_is_not_approved(asked, draft, second):
    with pytest.raises(Refused) as refused:
        approval.approve(draft, by=second, at=NOW, seen="something else")

    assert refused.value.code == "DRAFT_CHANGED"


def test_a_quiet_update_is_told_to_nobody(draft, publisher, write, monkeypatch):
    told: list[news.News] = []
    monkeypatch.setattr(news, "listeners", [told.append])
    actions.publish(draft, by=publisher, at=NOW)

    quiet = actions.publish(write(notify=False), by=publisher, at=NOW + timedelta(minutes=1))

    assert not quiet.notify
    assert len(told) == 1


# --- texts ------------------------------------------------------------------------------------------------------------


def test_drafts_start_with_the_words_that_a_publisher_wrote(incident, publisher):
    own = texts.all_texts() | {"investigating": "{components} may fail. We look into it. {x} 100 %"}
    texts.save_texts(own, by=publisher, at=NOW, seen="")

    draft = actions.draft_first(incident, at=NOW)

    assert draft is not None
    assert draft.body.startswith("API, Ingest, Geo enrichment and Notifications may fail.")
    assert draft.body.endswith("{x} 100 %")
    assert AuditEvent.objects.get(act="status_text.edit").object == "investigating"


def test_texts_that_somebody_else_saved_are_not_overwritten(publisher):
    seen = texts.mark(texts.all_texts())
    texts.save_texts(texts.all_texts() | {"resolved": "Over."}, by=publisher, at=NOW, seen=seen)

    with pytest.raises(Conflict):
        texts.save_texts(texts.all_texts() | {"resolved": "All well."}, by=publisher, at=NOW, seen=seen)


# --- screens ----------------------------------------------------------------------------------------------------------


def test_two_publishers_publish_together(client_as, publisher, second, asked, draft, incident):
    draft.next_update_at = now() + timedelta(minutes=30)
    draft.save()
    one, other, room = client_as(publisher), client_as(second), f"/incidents/{incident.label}/public/"
    seen = {"seen": drafts.fingerprint(draft)}

    dialog = one.get(f"{room}publish/").content.decode()
    one.post(f"{room}publish/", seen)
    assert StatusUpdate.objects.get().state == "draft"
    other.post(f"{room}approve/", seen)
    waiting = other.get(f"{room}publish/").content.decode()
    panel = one.get(room).content.decode()
    one.post(f"{room}publish/", seen)

    assert "A second publisher approves it first." in dialog
    assert "You have approved it. Another person publishes it." in waiting
    assert "Approved by second" in panel
    assert StatusUpdate.objects.get().state == "published"


def test_an_emergency_is_shown_beside_the_update(client_as, publisher, asked, draft, incident):
    draft.next_update_at = now() + timedelta(minutes=30)
    draft.save()
    client, room = client_as(publisher), f"/incidents/{incident.label}/public/"

    asks = client.get(f"{room}publish/").text.replace("\n", "")
    silent = client.post(f"{room}publish/", {"seen": drafts.fingerprint(draft), "bypass": ""})
    secret = client.post(f"{room}publish/", {"bypass": "DB_PASSWORD=hunter2hunter2"})
    client.post(f"{room}publish/", {"seen": drafts.fingerprint(draft), "bypass": "Nobody else is awake."})

    # Enter in the field of the reason presses the button beside it.
    reason = asks.partition('name="bypass"')[2].partition("<button")
    assert "</form>" not in reason[0] and reason[2].partition("</button>")[0].endswith("Publish without approval")
    assert "formaction" not in asks
    assert (silent.status_code, "Say why it cannot wait." in silent.text) == (422, True)
    assert secret.status_code == 422
    assert "hunter2" not in secret.text
    page = client.get(room).content.decode()
    assert "Without a second person" in page
    assert "Nobody else is awake." in page


def test_texts_and_the_rule_have_a_screen(client_as, publisher, admin):
    client, words = client_as(publisher), texts.all_texts()

    saved = client.post("/statuspage/rules/", words | {"monitoring": "We watch {components}."})
    empty = client.post("/statuspage/rules/", words | {"monitoring": ""})
    old = client.post("/statuspage/rules/", words | {"seen": texts.mark(words)})
    client_as(admin).post("/statuspage/rules/approval/", {"needed": "yes"})

    assert (saved.status_code, empty.status_code, old.status_code) == (302, 422, 409)
    assert "Monitoring: write a text." in empty.text
    assert "We watch {components}." in old.text
    assert "Another publisher approves every update." in client.get("/statuspage/rules/").text
