"""Screens of planned work: plan, preview, announce, act; bad input comes back with a sentence."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from incidents.statuspage import load, planning
from incidents.statuspage.maintenance import Maintenance, MaintenanceSeries
from incidents.statuspage.models import Component
from incidents.statuspage.planning import Plan

pytestmark = pytest.mark.django_db
LIST = "/statuspage/maintenance/"


@pytest.fixture
def api(backend, snapshot_dir) -> Component:
    return Component.objects.get(name="API")


@pytest.fixture
def typed(api) -> dict[str, object]:
    """What somebody types for work on the day after tomorrow."""
    return {
        "title": "Database upgrade",
        "text": "Sign-in may pause.",
        "audience": "public",
        "domain": api.domain_id,
        "components": [api.public_id],
        "starts_on": f"{(now() + timedelta(days=2)).date()}",
        "clock": "03:00",
        "time_zone": "Europe/Berlin",
        "minutes": "120",
        "remind": "24",
        "rule": "",
        "until": "",
    }


@pytest.fixture
def planned(api, publisher) -> Maintenance:
    at = now()
    wanted = Plan(
        "Database upgrade", "Sign-in may pause.", "public", api.domain, (api,), at + timedelta(hours=2),
        at + timedelta(hours=4), timedelta(hours=1),
    )  # fmt: skip
    return planning.plan(wanted, by=publisher, at=at)


@pytest.fixture
def running(planned: Maintenance, publisher) -> Maintenance:
    planning.announce(planned, by=publisher, at=now())
    Maintenance.objects.update(starts_at=now() - timedelta(hours=1))
    return planned


def test_internal_work_that_is_over_is_recorded_by_the_same_form(client_as, publisher, typed):
    yesterday = f"{(now() - timedelta(days=1)).date()}"

    saved = client_as(publisher).post(f"{LIST}new/", typed | {"audience": "internal", "starts_on": yesterday})

    assert saved.status_code == 302
    assert Maintenance.objects.get().starts_at < now()


def test_from_a_form_to_the_public_page(client_as, publisher, typed):
    client = client_as(publisher)

    there = client.post(f"{LIST}new/", typed)["Location"]
    page = client.get(there).content.decode()
    assert "As readers will see it" in page and "Not announced" in page
    assert load.page(now()).maintenances == ()
    assert "Draft" in client.get(LIST).content.decode()

    question = client.get(f"{there}announce/").content.decode()
    assert "Announce “Database upgrade”?" in question
    client.post(f"{there}announce/", {"seen": ""})

    assert load.page(now()).maintenances[0].name == "Database upgrade"
    assert "Announced. Readers see it now." in client.get(there).content.decode()
    assert "Database upgrade" in client.get(LIST).content.decode()


def test_work_that_comes_again_is_a_rule(client_as, publisher, typed):
    client = client_as(publisher)

    client.post(f"{LIST}new/", typed | {"rule": "weekly"})

    series = MaintenanceSeries.objects.get()
    assert series.occurrences.count() >= 8
    assert "at 03:00 Europe/Berlin" in client.get(LIST).content.decode()
    client.post(f"{LIST}rules/{series.pk}/end/", {"words": ""})
    assert series.occurrences.filter(cancelled_at=None).count() == 0


def test_the_words_of_a_rule_are_edited_as_a_whole(client_as, publisher, typed):
    client = client_as(publisher)
    client.post(f"{LIST}new/", typed | {"rule": "weekly"})
    series = MaintenanceSeries.objects.get()
    address = f"{LIST}rules/{series.pk}/edit/"
    form = client.get(address).context["form"]
    given = {name: form.initial[name] for name in ("title", "text", "domain", "components", "remind", "seen")}

    empty = client.post(address, given | {"text": ""})
    secret = client.post(address, given | {"text": "the key AKIAIOSFODNN7EXAMPLE rolls"})
    saved = client.post(address, given | {"text": "Exports pause."})
    late = client.post(address, given | {"text": "Somebody else's."})

    assert (empty.status_code, secret.status_code, saved.status_code, late.status_code) == (422, 422, 302, 409)
    assert "[removed: cloud access key]" in secret.text
    assert "Somebody else&#x27;s." in late.text
    assert set(series.occurrences.values_list("text", flat=True)) == {"Exports pause."}
    assert f"{series.occurrences.count()} days ahead changed." in late.text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "Give the work a title."),
        ({"components": []}, "Choose the affected components."),
        ({"components": ["nothing"]}, "Choose components from the list."),
        ({"starts_on": "2020-01-01"}, "The beginning has passed. Choose a later one, or make it internal."),
        ({"starts_on": "2020-01-01", "audience": "internal", "rule": "weekly"}, "The beginning has passed."),
        ({"starts_on": "2020-01-01", "audience": "internal"}, "Choose a beginning in the last 13 days"),
        ({"starts_on": "soon"}, "Write the day as 2026-11-30."),
        ({"starts_on": "9999-12-31", "time_zone": "America/New_York", "clock": "23:00"}, "a day that a calendar has"),
        ({"starts_on": "9999-12-31", "time_zone": "UTC"}, "Look at the year"),
        ({"title": "Work\nBcc: all"}, "Write one line"),
        ({"title": "\u202eWork"}, "turn the reading direction"),
        ({"clock": "25:00"}, "Write the time as 03:00."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"minutes": "7"}, "Select a valid choice"),
        ({"until": "2030-01-01"}, "Choose how it comes again"),
        ({"rule": "weekly", "until": "2020-01-01"}, "The last day lies before the first."),
        ({"text": "the key AKIAIOSFODNN7EXAMPLE rolls"}, "[removed: cloud access key]"),
    ],
)
def test_bad_input_comes_back_with_a_sentence_and_what_was_typed(client_as, publisher, typed, wrong, sentence):
    answer = client_as(publisher).post(f"{LIST}new/", typed | wrong)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert wrong.get("text") or "Sign-in may pause." in page
    assert not Maintenance.objects.exists()


def test_an_edit_of_what_somebody_else_changed_is_a_conflict_and_keeps_the_text(client_as, publisher, planned, typed):
    client = client_as(publisher)
    seen = planning.fingerprint(planned)
    theirs = Plan(
        "Theirs", "Sign-in may pause.", "public", planned.domain, tuple(planned.components.all()), planned.starts_at,
        planned.ends_at,
    )  # fmt: skip
    planning.edit(planned, theirs, by=publisher, at=now())

    answer = client.post(f"{planned.get_absolute_url()}edit/", typed | {"title": "Mine", "seen": seen})

    assert answer.status_code == 409
    assert 'value="Mine"' in answer.content.decode()
    assert Maintenance.objects.get().title == "Theirs"


def test_the_edit_form_shows_the_hour_of_the_persons_clock(client_as, publisher, planned):
    publisher.time_zone = "Asia/Kolkata"
    publisher.save()

    page = client_as(publisher).get(f"{planned.get_absolute_url()}edit/").content.decode()

    local = planned.starts_at.astimezone(publisher.zone)
    assert f'value="{local:%H:%M}"' in page
    assert '<option value="Asia/Kolkata" selected>' in page


@pytest.mark.parametrize(
    ("act", "given", "status"),
    [
        ("say", {"words": "Half of it is done."}, "in_progress"),
        ("verify", {"words": ""}, "verifying"),
        ("extend", {"words": "", "more": "60"}, "in_progress"),
        ("finish", {"words": ""}, "completed"),
    ],
)
def test_what_runs_can_be_acted_on(client_as, publisher, running, act, given, status):
    client, address = client_as(publisher), f"{running.get_absolute_url()}{act}/"
    assert f"{act}/" in client.get(running.get_absolute_url()).content.decode()

    answer = client.post(address, given)

    assert answer["Location"] == running.get_absolute_url()
    assert load.page(now()).maintenances[0].status == status


def test_what_cannot_be_done_now_is_said_in_the_dialog(client_as, publisher, running):
    answer = client_as(publisher).post(f"{running.get_absolute_url()}cancel/", {"words": ""})

    assert answer.status_code == 422
    assert "Work that goes on can be ended early." in answer.content.decode()


@pytest.mark.parametrize("path", ["dance/", "nothing-like-it/edit/"])
def test_what_is_not_there_is_not_found(client_as, publisher, planned, path):
    base = planned.get_absolute_url() if path == "dance/" else LIST

    assert client_as(publisher).get(base + path).status_code == 404


def test_viewers_read_and_are_offered_nothing(client_as, viewer, planned):
    client = client_as(viewer)

    assert f"{LIST}new/" not in client.get(LIST).content.decode()
    page = client.get(planned.get_absolute_url()).content.decode()
    assert "announce/" not in page and "edit/" not in page


def test_a_phone_shows_the_choice_of_who_hears_of_it_whole(client_as, publisher, backend):
    form = client_as(publisher).get("/statuspage/maintenance/new/").context["form"]

    assert max(len(label) for _, label in form.fields["audience"].choices) <= 16
    assert "known only to the portal and its checks" in form.fields["audience"].help_text


def test_the_list_asks_as_often_however_long_it_is(client_as, viewer, planned, typed, django_assert_max_num_queries):
    client = client_as(viewer)
    client.get(LIST)

    with django_assert_max_num_queries(8):
        client.get(LIST)
