"""Words that readers have read: corrected in the open, removed for good, with everything that carried them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from incidents import reactions
from incidents.obligations.models import Obligation
from incidents.response import actions as response
from incidents.response import closing, hiding
from incidents.response.models import TimelineText
from incidents.search import queries as search
from incidents.statuspage import actions, corrections, documents, feeds, load, news
from incidents.statuspage.models import Component, EarlierWording, PublicIncident, StatusUpdate
from opsportal.audit.models import AuditEvent
from opsportal.errors import Denied, Refused
from opsportal.models import Delivery, User
from tests.incidents.statuspage.conftest import NOW, ago

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def first(draft: StatusUpdate, publisher: User) -> StatusUpdate:
    draft.body = "The zanzibar region answers slowly."
    draft.save()
    return actions.publish(draft, by=publisher, at=ago(minutes=8))


@pytest.fixture
def second(first: StatusUpdate, write: Callable[..., StatusUpdate], publisher: User) -> StatusUpdate:
    return actions.publish(write(), by=publisher, at=ago(minutes=4))


def everything() -> str:
    """All that readers and their programs get, as one text."""
    page = load.page(LATER)
    return str(documents.all_of(page)) + feeds.atom(page).decode() + feeds.rss(page).decode()


def on_disk(root: Path) -> str:
    return "".join(path.read_text() for path in root.rglob("*") if path.suffix in (".html", ".json", ".atom", ".rss"))


def test_a_correction_says_that_it_is_one_and_keeps_the_earlier_words(incident, first, publisher):
    corrections.correct(first, body="The EU region answers slowly.", notify=False, by=publisher, at=NOW)

    earlier = EarlierWording.objects.get()
    assert (earlier.body, earlier.corrected_by) == ("The zanzibar region answers slowly.", publisher)
    assert "zanzibar" not in everything()
    update = documents.all_of(load.page(NOW))["incidents"]["incidents"][0]["incident_updates"][0]
    assert (update["body"], update["updated_at"]) == ("The EU region answers slowly.", "2026-11-21T03:12:30.400Z")
    assert "Corrected at 03:12 UTC, 21 Nov." in feeds.atom(load.page(NOW)).decode()
    assert "<updated>2026-11-21T03:12:30Z</updated>" in feeds.atom(load.page(NOW)).decode()
    event = incident.timeline.get(kind="correction")
    assert (event.corrects.kind, event.actor) == ("public_update", publisher)
    assert AuditEvent.objects.filter(act="status_update.correct").count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("  ", "TEXT_MISSING"),
        ("The zanzibar region answers slowly.", "TEXT_UNCHANGED"),
        ("Ask a.person@example.com", "PRIVACY_BLOCKED"),
    ],
)
def test_a_correction_that_says_nothing_new_or_too_much_is_refused(first, publisher, body, code):
    with pytest.raises(Refused) as refused:
        corrections.correct(first, body=body, notify=False, by=publisher, at=NOW)

    assert refused.value.code == code


def test_subscribers_hear_of_a_correction_only_by_choice(first, publisher, monkeypatch):
    told: list[news.News] = []
    monkeypatch.setattr(news, "listeners", [told.append])

    corrections.correct(first, body="One.", notify=False, by=publisher, at=NOW)
    corrections.correct(first, body="Two.", notify=True, by=publisher, at=LATER)

    assert [(one.key, one.word) for one in told] == [(f"{first.outbox_event}:2", "Corrected: Investigating")]


def test_who_may_not_publish_neither_corrects_nor_removes(first, responder):
    with pytest.raises(Denied):
        corrections.correct(first, body="Other.", notify=False, by=responder, at=NOW)
    with pytest.raises(Denied):
        corrections.remove(first, reason="no", by=responder, at=NOW)


def test_a_removed_update_is_gone_from_page_versions_feeds_messages_and_search(
    incident, first, second, publisher, settings, snapshot_dir, django_capture_on_commit_callbacks
):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example/x"
    reactions.tell_published(incident.timeline.filter(kind="public_update").order_by("pk")[0], at=NOW)
    assert Delivery.objects.filter(body__contains="zanzibar").exists()
    actions.rebuild(ago(minutes=2))
    actions.rebuild(ago(minutes=1))
    assert "zanzibar" in on_disk(snapshot_dir)
    assert search.search("zanzibar", publisher).texts

    with django_capture_on_commit_callbacks(execute=True):
        corrections.remove(first, reason="It names a customer.", by=publisher, at=NOW)

    assert "zanzibar" not in everything() + on_disk(snapshot_dir)
    assert len([one for one in snapshot_dir.iterdir() if one.is_dir() and not one.is_symlink()]) == 1
    assert not Delivery.objects.filter(body__contains="zanzibar").exists()
    assert not TimelineText.objects.filter(body__contains="zanzibar").exists()
    assert search.search("zanzibar", publisher).total == 0
    first.refresh_from_db()
    assert (first.state, first.body, first.removal_reason) == ("removed", "", "It names a customer.")
    assert second.body in everything()
    assert AuditEvent.objects.get(act="status_update.remove").reason == "It names a customer."


def test_what_is_left_says_how_the_incident_stands(incident, first, second, publisher, write):
    last = actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=NOW)

    corrections.remove(last, reason="Too early.", by=publisher, at=LATER)

    public = PublicIncident.objects.get()
    assert (public.status, public.resolved_at, public.updated_at) == ("identified", None, LATER)
    assert Component.objects.get(name="API").status == "operational"
    owed = Obligation.objects.open().get(subject=incident.label, kind=Obligation.Kind.PUBLIC_UPDATE)
    assert owed.due_at == second.next_update_at


def test_an_incident_that_was_published_by_mistake_is_gone_altogether(incident, first, second, publisher):
    corrections.correct(second, body="Other words.", notify=False, by=publisher, at=NOW)

    corrections.unpublish(incident, reason="Wrong incident.", by=publisher, at=LATER)

    assert load.page(LATER).incidents == ()
    assert PublicIncident.objects.get().name not in everything()
    assert not EarlierWording.objects.exists()
    assert set(StatusUpdate.objects.values_list("state", "body")) == {("removed", "")}
    assert not Obligation.objects.open().filter(kind=Obligation.Kind.PUBLIC_UPDATE).exists()
    with pytest.raises(Refused) as refused:
        corrections.unpublish(incident, reason="Again.", by=publisher, at=LATER)
    assert refused.value.code == "NOT_PUBLIC"


def test_what_was_taken_away_altogether_holds_nothing_up(incident, first, second, publisher):
    corrections.unpublish(incident, reason="Wrong incident.", by=publisher, at=NOW)

    response.change_status(incident, to="resolved", note="It is over", by=publisher, at=NOW)
    assert closing.LAST_WORD not in {one.what for one in closing.missing(incident)}
    response.change_status(incident, to="investigating", note="It is back", by=publisher, at=LATER)
    owed = Obligation.objects.open().filter(subject=incident.label).values_list("kind", flat=True)
    assert Obligation.Kind.FIRST_PUBLIC_UPDATE in owed
    assert Obligation.Kind.PUBLIC_UPDATE not in owed
    assert hiding.hide(incident, reason="A break-in", by=publisher, at=LATER).kind == "nature"


def test_without_its_last_word_readers_wait_again_whatever_is_waived(incident, first, publisher, write):
    last = actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=NOW)
    response.change_status(incident, to="resolved", note="It is over", by=publisher, at=NOW)
    assert closing.LAST_WORD not in {one.what for one in closing.missing(incident)}

    corrections.remove(last, reason="It names a customer.", by=publisher, at=LATER)
    response.waive(incident, kind="public_update", reason="Later", by=publisher, at=LATER)

    assert closing.LAST_WORD in {one.what for one in closing.missing(incident)}
    row = incident.timeline.get(kind="public_removal")
    assert (row.actor, row.recorded_at, row.corrects.new) == (publisher, LATER, "resolved")


def test_after_a_removal_it_can_be_published_anew(incident, first, publisher, write):
    corrections.unpublish(incident, reason="Wrong words.", by=publisher, at=NOW)

    actions.publish(write(title="A better title"), by=publisher, at=LATER - timedelta(minutes=10))

    [shown] = load.page(LATER).incidents
    assert [one.status for one in shown.updates] == ["identified"]


def test_subscribers_messages_are_taken_back(first, publisher, monkeypatch):
    taken: list[str] = []
    monkeypatch.setattr(news, "takers_back", [lambda key, at: taken.append(key)])
    corrections.correct(first, body="One.", notify=True, by=publisher, at=NOW)

    corrections.remove(first, reason="Wrong.", by=publisher, at=LATER)

    assert taken == [first.outbox_event, f"{first.outbox_event}:1"]


# --- screens ----------------------------------------------------------------------------------------------------------


def test_a_publisher_corrects_and_removes_in_the_incidents_public_room(client_as, publisher, incident, first):
    client, room = client_as(publisher), f"/incidents/{incident.label}/public/"
    update = f"{room}updates/{first.public_id}/"

    empty = client.post(f"{update}correct/", {"body": ""})
    client.post(f"{update}correct/", {"body": "The EU region answers slowly."})
    corrected = client.get(room).content.decode()
    asked = client.get(f"{update}remove/").content.decode()
    nothing_said = client.post(f"{update}remove/", {"reason": ""})
    client.post(f"{update}remove/", {"reason": "It names a customer."})
    removed = client.get(room).content.decode()

    assert (empty.status_code, nothing_said.status_code) == (422, 422)
    assert "The zanzibar region answers slowly." in corrected
    assert "Remove this update?" in asked
    assert "It names a customer." in removed
    assert "EU region" not in removed
    assert client.get(f"{update}correct/").status_code == 404


def test_everything_is_removed_with_one_reason(client_as, publisher, incident, first):
    client, room = client_as(publisher), f"/incidents/{incident.label}/public/"

    client.post(f"{room}unpublish/", {"reason": "Wrong incident."})

    assert "Readers know nothing of this incident." in client.get(room).content.decode()
