"""Screens of drills: the list, one drill from its beginning to its end, its preview page, scenarios, the schedule."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.drills.models import Drill, Plan, Scenario
from incidents.response import actions as response
from opsportal.errors import Refused
from opsportal.models import AuditEvent
from tests.incidents.drills.cast import begin, detected, room_of

pytestmark = pytest.mark.django_db
LEAST = "title: CDN is slow\ndomain: frontend\nsituation: Pages come late."


def page(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_drill_is_begun_played_and_ended_from_its_screens(client_as, responder):
    client = client_as(responder)
    assert "None was held yet" in page(client, "/drills/")
    client.post("/drills/scenarios/ingest-outage/start/")
    Drill.objects.get().delete()

    drill = detected(responder, at=timezone.now() - timedelta(minutes=3))
    at = drill.get_absolute_url()
    shown = page(client, at)
    assert "DRILL DRILL-" in shown and 'class="drillbar"' in shown and "to come" in shown
    assert ">Injects</h2>" in shown
    room = page(client, room_of(drill).get_absolute_url())
    assert 'class="drillbar"' in room and "<title>DRILL INC-" in room

    response.acknowledge(room_of(drill), by=responder, at=timezone.now())
    answer = client.post(f"{at}publish/", {"status": "investigating", "body": "", "next_update_at": ""})
    assert answer.status_code == 422 and "Write what readers would be told" in answer.content.decode()
    soon = (timezone.now() + timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"{at}publish/", {"status": "investigating", "body": "Events come late.", "next_update_at": soon})
    preview = page(client, f"{at}preview/")
    assert "Events come late." in preview and "nothing of it is on the public one" in preview

    client.post(f"{at}mitigate/")
    client.post(f"{at}injects/5/send/")
    answer = client.post(f"{at}finish/", {"lessons": "  "})
    assert answer.status_code == 422
    client.post(f"{at}finish/", {"lessons": "The rollback was quick."})

    drill.refresh_from_db()
    assert (drill.state, drill.flag, drill.injects.get(position=5).sent_by) == ("finished", "", responder)
    assert "Everything is cleaned up" in page(client, at)
    assert "Held" in page(client, "/drills/")


def test_a_poll_without_news_is_answered_with_304(client_as, responder):
    client, drill = client_as(responder), begin(responder, at=timezone.now())
    first = client.get(drill.get_absolute_url(), headers={"hx-request": "true", "hx-request-type": "partial"})
    tag = first["HX-PTag"]

    again = client.get(
        drill.get_absolute_url(), headers={"hx-request": "true", "hx-request-type": "partial", "hx-ptag": tag}
    )

    assert again.status_code == 304


def test_only_who_began_it_throws_in_what_is_held_back(client_as, responder, publisher):
    drill = detected(responder, at=timezone.now() - timedelta(minutes=3))

    answer = client_as(publisher).post(f"{drill.get_absolute_url()}injects/5/send/")

    assert answer.status_code == 404


def test_a_scenario_is_written_changed_kept_apart_and_retired(client_as, responder):
    client = client_as(responder)
    answer = client.post("/drills/scenarios/new/", {"slug": "cdn-slow", "document": "title: x"})
    assert answer.status_code == 422 and "is missing" in answer.content.decode()
    for odd in ("CDN-slow", "cdn_slow"):
        answer = client.post("/drills/scenarios/new/", {"slug": odd, "document": LEAST})
        assert answer.status_code == 422 and "Small letters, digits and single dashes." in answer.content.decode()
    client.post("/drills/scenarios/new/", {"slug": "cdn-slow", "document": LEAST})
    assert "Pages come late." in page(client, "/drills/scenarios/cdn-slow/")
    changed = {"document": LEAST + "\nseverity: SEV-3", "version": 1}
    client.post("/drills/scenarios/cdn-slow/edit/", changed)
    conflict = client.post("/drills/scenarios/cdn-slow/edit/", {"document": LEAST + "\n", "version": 1})
    assert conflict.status_code == 409 and "SEV-3" in conflict.content.decode()
    assert client.get("/drills/scenarios/cdn-slow/file/").content.decode().endswith("severity: SEV-3")
    client.post("/drills/scenarios/cdn-slow/retire/")
    assert Scenario.objects.get(slug="cdn-slow").retired_at is not None
    assert ">Restore<" in page(client, "/drills/scenarios/cdn-slow/")
    client.post("/drills/scenarios/cdn-slow/bring-back/")
    acts = AuditEvent.objects.filter(object="cdn-slow").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["scenario.create", "scenario.change", "scenario.retire", "scenario.bring_back"]


def test_a_scenario_of_a_domain_that_there_is_not_or_with_a_secret_is_refused(client_as, responder):
    client = client_as(responder)
    for document in (LEAST.replace("frontend", "nowhere"), LEAST + "\nrunbook: AKIAIOSFODNN7EXAMPLE"):
        answer = client.post("/drills/scenarios/new/", {"slug": "other", "document": document})
        assert answer.status_code == 422
    assert not Scenario.objects.filter(slug="other").exists()


def test_a_scenario_that_no_reader_can_take_is_refused_and_keeps_what_was_typed(client_as, responder):
    document = LEAST + '\nrunbook: "a\\0b"'

    answer = client_as(responder).post("/drills/scenarios/new/", {"slug": "other", "document": document})

    assert answer.status_code == 422
    assert "Line 4: a NUL" in answer.content.decode() and "a\\0b" in answer.content.decode()


def test_a_drill_of_a_scenario_whose_runbook_is_no_address_still_has_its_room(client_as, responder):
    drill = begin(responder, at=timezone.now())
    Drill.objects.update(document=LEAST + "\nrunbook: The blue folder")
    Scenario.objects.filter(slug="ingest-outage").update(document=LEAST + "\nrunbook: The blue folder")

    shown = page(client_as(responder), drill.get_absolute_url())

    assert "Runbook: The blue folder" in shown
    page(client_as(responder), "/drills/scenarios/ingest-outage/")


def test_an_admin_lets_drills_begin_by_themselves(client_as, admin):
    client = client_as(admin)
    rhythm = {"is_on": "on", "rule": "monthly_weekday", "first_on": "2026-01-13", "clock": "10:00", "scenario": ""}
    wrong = client.post("/drills/plan/", rhythm | {"time_zone": "Mars/Base"})
    assert wrong.status_code == 422 and "no such time zone" in wrong.content.decode()

    client.post("/drills/plan/", rhythm | {"time_zone": "Europe/Berlin"})

    plan = Plan.objects.get()
    assert plan.is_on and plan.next_at is not None and plan.next_at > timezone.now()
    assert "the second Tuesday, at 10:00 Europe/Berlin" in page(client, "/drills/")


def test_a_scenario_that_was_saved_with_anchors_opens_says_what_to_mend_and_is_not_played(client_as, responder):
    client, old = client_as(responder), LEAST + "\nsteps: &same {flag: A}"
    Scenario.objects.filter(slug="ingest-outage").update(document=old)

    assert "Cannot be read any more" in page(client, "/drills/")
    assert "Line 4: anchors" in page(client, "/drills/scenarios/ingest-outage/")
    assert "&amp;same" in page(client, "/drills/scenarios/ingest-outage/edit/")
    with pytest.raises(Refused, match=r"Line 4: anchors.* Edit it first"):
        begin(responder)
    answer = client.post("/drills/scenarios/ingest-outage/edit/", {"document": old, "version": 1})
    assert answer.status_code == 422 and "Line 4: anchors" in answer.content.decode()


def test_a_drill_that_was_played_from_such_a_text_keeps_its_room(client_as, responder):
    drill = begin(responder, at=timezone.now())
    Drill.objects.update(document=LEAST + "\nsteps: &same {flag: A}")

    assert "Cannot be read any more" in page(client_as(responder), drill.get_absolute_url())
