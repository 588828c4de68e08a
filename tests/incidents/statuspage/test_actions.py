"""Drafts, publishing and components: rows, timeline, clocks, refusals, and the page that readers get."""

import time
from datetime import timedelta

import pytest
from django.db import connection

from incidents.obligations.models import Obligation
from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.statuspage import actions, drafts, load, pages, queries, writer
from incidents.statuspage.models import Component, ComponentInterval, PublicIncident, StatusUpdate
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Refused
from opsportal.responder import SnapshotResponder
from tests.incidents.statuspage.conftest import NOW, ago
from tests.opsportal.test_responder import ask, django_must_not_be_asked

LATER = NOW + timedelta(minutes=20)


def statuses() -> dict[str, str]:
    return dict(Component.objects.values_list("name", "status"))


def owed(incident) -> dict[str, object]:
    return {one.kind: one.due_at for one in Obligation.objects.open().filter(subject=incident.label)}


def first_draft(incident: Incident) -> StatusUpdate:
    draft = actions.draft_first(incident, at=NOW)
    assert draft is not None
    return draft


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_the_first_draft_names_the_domains_components_and_nothing_internal(incident):
    draft = first_draft(incident)

    assert (draft.state, draft.status, draft.drafted_by) == ("draft", "investigating", None)
    assert "API, Ingest, Geo enrichment and Notifications" in draft.body
    for text in (draft.body, draft.public_incident.name):
        assert "db-7" not in text
        assert "INC-" not in text
    assert {row["new_status"] for row in draft.affected_components} == {"partial_outage"}
    assert {row["name"] for row in draft.affected_components} == {"API", "Ingest", "Geo enrichment", "Notifications"}


def test_the_first_draft_makes_no_component_look_better_than_it_is(incident):
    Component.objects.filter(name="API").update(status="major_outage")

    draft = actions.draft_first(incident, at=NOW)

    assert draft is not None
    proposed = {row["name"]: row["new_status"] for row in draft.affected_components}
    assert (proposed["API"], proposed["Ingest"]) == ("major_outage", "partial_outage")


def test_drafting_twice_makes_one_draft(incident):
    actions.draft_first(incident, at=NOW)

    assert actions.draft_first(incident, at=NOW) is None
    assert StatusUpdate.objects.count() == 1


def test_a_domain_without_components_still_gets_its_draft(incident, backend):
    Component.objects.filter(domain=backend).delete()

    draft = first_draft(incident)

    assert draft.public_incident.name == "Problem with our service"
    assert draft.affected_components == []


def test_a_draft_changes_nothing_that_readers_see(incident, draft, snapshot_dir):
    actions.rebuild(NOW)

    page = load.page(NOW)

    assert page.incidents == ()
    assert "Problem with" not in (snapshot_dir / "current" / "status" / "index.html").read_text()
    assert set(statuses().values()) == {"operational"}


def test_saving_again_edits_the_one_draft(write):
    first = write()
    second = write(body="We are rolling back.", title="Errors in the API")

    assert second.pk == first.pk
    assert second.body == "We are rolling back."
    assert PublicIncident.objects.get().name == "Errors in the API"


def test_two_people_editing_do_not_overwrite_each_other(write):
    seen = drafts.fingerprint(write())
    write(body="The other person's words.")

    with pytest.raises(Conflict) as refused:
        write(body="Mine.", seen=seen)

    assert refused.value.code == "DRAFT_CHANGED"
    assert StatusUpdate.objects.get().body == "The other person's words."


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"body": "  "}, "TEXT_MISSING"),
        ({"title": ""}, "TEXT_MISSING"),
        ({"body": "See postgres://app:hunter2222@db/prod"}, "PRIVACY_BLOCKED"),
        ({"title": "Mail a.person@example.com"}, "PRIVACY_BLOCKED"),
    ],
)
def test_a_draft_without_words_or_with_something_private_is_refused(write, values, code):
    with pytest.raises(Refused) as refused:
        write(**values)

    assert refused.value.code == code
    assert not StatusUpdate.objects.exists()


def test_a_viewer_cannot_draft(write, viewer):
    with pytest.raises(Refused) as refused:
        write(by=viewer)

    assert refused.value.code == "ROLE_TOO_LOW"


def test_a_discarded_draft_stays_away_from_readers_and_makes_room_for_another(draft, responder, write):
    actions.discard(draft, by=responder, at=NOW)

    another = write()

    assert another.pk != draft.pk
    assert StatusUpdate.objects.get(pk=draft.pk).state == "discarded"
    assert AuditEvent.objects.filter(act="status_update.discard").count() == 1


# --- publishing -------------------------------------------------------------------------------------------------------


def test_publishing_writes_everything_in_one_go(incident, draft, publisher):
    update = actions.publish(draft, by=publisher, at=NOW)

    public = PublicIncident.objects.get()
    assert (update.state, update.published_by, update.published_at) == ("published", publisher, NOW)
    assert (public.status, public.impact, public.first_published_at) == ("investigating", "major", NOW)
    assert {one.name for one in public.components.all()} == {"API", "Ingest", "Geo enrichment", "Notifications"}
    assert statuses()["API"] == "partial_outage"
    assert statuses()["Dashboard"] == "operational"
    assert update.affected_components[0]["old_status"] == "operational"
    event = incident.timeline.get(kind="public_update")
    assert (event.actor, event.old, event.new, event.text.body) == (publisher, "", "investigating", update.body)
    assert AuditEvent.objects.get(act="status_update.publish").actor == "publisher"


def test_publishing_meets_what_was_owed_and_owes_what_it_promises(incident, draft, publisher):
    assert Obligation.Kind.FIRST_PUBLIC_UPDATE in owed(incident)

    actions.publish(draft, by=publisher, at=NOW)

    assert owed(incident) | {"acknowledge": None} == {
        "acknowledge": None,
        "public_update": NOW + timedelta(minutes=30),
    }


def test_intervals_follow_the_components(draft, publisher):
    actions.publish(draft, by=publisher, at=NOW)

    api = ComponentInterval.objects.filter(component__name="API").order_by("started_at", "id")
    assert [(one.status, one.ended_at) for one in api] == [("operational", NOW), ("partial_outage", None)]
    assert ComponentInterval.objects.filter(component__name="Dashboard").count() == 1


def test_resolved_sets_every_component_of_the_incident_back(incident, draft, publisher, write):
    actions.publish(draft, by=publisher, at=NOW)
    last = write(status="resolved", body="All is well.", components={}, next_update_at=None)

    update = actions.publish(last, by=publisher, at=LATER)

    public = PublicIncident.objects.get()
    assert set(statuses().values()) == {"operational"}
    assert (public.status, public.resolved_at, public.impact) == ("resolved", LATER, "major")
    assert {row["old_status"] for row in update.affected_components} == {"partial_outage"}
    assert "public_update" not in owed(incident)


def test_resolved_does_not_call_well_what_another_open_incident_names(
    draft, publisher, responder, backend, write, snapshot_dir
):
    actions.publish(draft, by=publisher, at=NOW)
    other = response.declare(
        title="second", summary="", severity="SEV-3", domain=backend, by=responder, at=ago(minutes=1)
    )
    api = Component.objects.get(name="API")
    second = actions.save_draft(
        other, title="Slow API", status="identified", body="Slow.", next_update_at=LATER,
        components={api.public_id: "degraded_performance"}, by=responder, at=NOW,
    )  # fmt: skip
    actions.publish(second, by=publisher, at=NOW)

    actions.publish(write(status="resolved", components={}, next_update_at=None), by=publisher, at=LATER)

    assert statuses()["API"] == "degraded_performance"
    assert statuses()["Ingest"] == "operational"


def test_a_correction_after_the_end_keeps_the_end(draft, publisher, write):
    actions.publish(draft, by=publisher, at=NOW)
    actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=LATER)
    correction = write(status="resolved", body="Correction: it began at 02:10.", next_update_at=None, components={})

    actions.publish(correction, by=publisher, at=LATER + timedelta(hours=1))

    assert PublicIncident.objects.get().resolved_at == LATER


def test_a_relapse_opens_it_for_readers_again(incident, draft, publisher, write):
    actions.publish(draft, by=publisher, at=NOW)
    actions.publish(write(status="monitoring", components={}), by=publisher, at=NOW)
    actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=LATER)
    relapse = write(status="investigating", next_update_at=LATER + timedelta(hours=1))

    actions.publish(relapse, by=publisher, at=LATER + timedelta(minutes=1))

    public = PublicIncident.objects.get()
    assert (public.resolved_at, public.monitoring_at, public.status) == (None, None, "investigating")
    assert owed(incident)["public_update"] == LATER + timedelta(hours=1)


def test_the_title_is_fixed_once_published(draft, publisher, write):
    actions.publish(draft, by=publisher, at=NOW)

    write(title="Something else")

    assert PublicIncident.objects.get().name.startswith("Problem with API")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"next_update_at": None}, "NEXT_UPDATE_MISSING"),
        ({"next_update_at": ago(minutes=1)}, "NEXT_UPDATE_PAST"),
        ({"state": "discarded"}, "NOT_A_DRAFT"),
        ({"body": " "}, "TEXT_MISSING"),
    ],
)
def test_publishing_is_refused_without_a_promise_words_or_a_draft(draft, publisher, change, code):
    for name, value in change.items():
        setattr(draft, name, value)
    draft.save()

    with pytest.raises(Refused) as refused:
        actions.publish(draft, by=publisher, at=NOW)

    assert refused.value.code == code
    assert PublicIncident.objects.get().first_published_at is None
    assert set(statuses().values()) == {"operational"}


def test_publishing_twice_is_refused(draft, publisher):
    actions.publish(draft, by=publisher, at=NOW)

    with pytest.raises(Refused) as refused:
        actions.publish(draft, by=publisher, at=NOW)

    assert refused.value.code == "NOT_A_DRAFT"


def test_a_responder_cannot_publish(draft, responder):
    with pytest.raises(Refused) as refused:
        actions.publish(draft, by=responder, at=NOW)

    assert refused.value.code == "NOT_A_PUBLISHER"


def test_a_secret_that_slipped_into_a_row_is_stopped_at_the_last_door(draft, publisher):
    _write_past_the_guard(draft, "token: AKIAABCDEFGHIJKLMNOP")

    with pytest.raises(Refused) as refused:
        actions.publish(draft, by=publisher, at=NOW)

    assert refused.value.code == "PRIVACY_BLOCKED"


def _write_past_the_guard(draft: StatusUpdate, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE incidents_statusupdate SET body = %s WHERE id = %s", [text, draft.pk])


def test_what_was_not_previewed_is_not_published(draft, publisher, write):
    seen = drafts.fingerprint(draft)
    write(body="Changed meanwhile.")

    with pytest.raises(Conflict):
        actions.publish(draft, by=publisher, at=NOW, seen=seen)


def test_the_preview_is_what_readers_get(draft, publisher):
    side = queries.side_or_404(draft.public_incident.incident.number, publisher)
    promised = queries.preview(side, NOW)

    actions.publish(draft, by=publisher, at=NOW)

    page = load.page(NOW)
    assert pages.card(page, page.incidents[0], limit=pages.CARD_UPDATES, at=NOW) == promised


# --- the page that readers get ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_published_words_are_visible_within_five_seconds(draft, publisher, snapshot_dir):
    actions.rebuild(ago(seconds=10))
    site = SnapshotResponder(django_must_not_be_asked, directory=snapshot_dir, clock=lambda: NOW.timestamp())
    assert draft.body.encode() not in ask(site, "/status/").body
    started = time.monotonic()

    update = actions.publish(draft, by=publisher, at=NOW)

    while draft.body.encode() not in ask(site, "/status/").body:
        assert time.monotonic() - started < 5
        time.sleep(0.02)
    assert update.public_id.encode() in ask(site, "/api/v2/summary.json").body
    assert draft.body.encode() in ask(site, "/history.atom").body
    assert queries.is_shown(update)


@pytest.mark.django_db(transaction=True)
def test_a_folder_that_cannot_be_written_does_not_undo_the_words(draft, publisher, settings, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    settings.SNAPSHOT_DIR = blocker / "snapshot"

    update = actions.publish(draft, by=publisher, at=NOW)

    assert StatusUpdate.objects.get(pk=update.pk).state == "published"
    assert not queries.is_shown(update)


@pytest.mark.django_db(transaction=True)
def test_a_refused_publication_builds_nothing(draft, publisher, snapshot_dir):
    draft.next_update_at = None
    draft.save()

    with pytest.raises(Refused):
        actions.publish(draft, by=publisher, at=NOW)

    assert writer.built_at(snapshot_dir) is None


def test_reading_the_page_costs_the_same_queries_however_much_there_is(
    draft, publisher, write, django_assert_num_queries
):
    actions.publish(draft, by=publisher, at=NOW)
    for number in range(3):
        actions.publish(write(body=f"Update {number}.", status="monitoring"), by=publisher, at=LATER)

    with django_assert_num_queries(9):
        page = load.page(LATER)

    assert len(page.incidents[0].updates) == 4
