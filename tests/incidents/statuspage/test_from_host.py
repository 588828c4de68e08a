"""A word from the host: read from a file, on the page at once, in the database later."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from incidents.models import Incident, TimelineEvent, TimelineText
from incidents.response import clocks
from incidents.response import queries as response
from incidents.statuspage import actions, content, corrections, from_host, host_file, host_post, host_queue, tasks
from incidents.statuspage.models import Component, ComponentInterval, PublicIncident, StatusUpdate
from incidents.statuspage.snapshot import file_of
from opsportal.errors import Refused
from opsportal.models import AuditEvent
from tests.incidents.cast import open_incident
from tests.incidents.statuspage.conftest import NOW, a_component, a_page, ago, an_incident, an_update

OPENING = """---
status: investigating
title: Problem with Component 1
next update: 30 min
components:
  Component 1: partial_outage
---
We are looking into it.

Some of you see errors.
"""


def following(
    status: str, *, incident: str, text: str = "A word.", due: str = "next update: 30 min", more: str = ""
) -> str:
    return f"---\nstatus: {status}\nincident: {incident}\n{due}\n{more}---\n{text}\n"


def read(text: str, page: content.Content | None = None) -> host_post.HostPost:
    return host_file.read(text, content=page or a_page(), at=NOW, by="host:ops")


def test_a_file_is_read_with_its_words_and_its_components():
    post = read(OPENING)

    assert (post.status, post.title, post.is_new) == ("investigating", "Problem with Component 1", True)
    assert post.body == "We are looking into it.\n\nSome of you see errors."
    assert post.components == (("component001", "partial_outage"),)
    assert post.next_update_at == (NOW + timedelta(minutes=30)).replace(second=0, microsecond=0)


def test_the_same_file_is_the_same_word():
    assert read(OPENING).public_id == read(OPENING).public_id != read(OPENING.replace("Some", "Many")).public_id


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("status: identified", "FRONT_MATTER", "Line 1, column 1"),
        ("---\nstatus: identified\n", "FRONT_MATTER", "Line 3, column 1"),
        (OPENING.replace("status:", "state:"), "FRONT_MATTER", "Line 2, column 1"),
        (OPENING.replace("investigating", "broken"), "STATUS_UNKNOWN", "Line 2, column 9"),
        (OPENING.replace("title: Problem with Component 1", "title:"), "TITLE_MISSING", "Line 3, column 7"),
        (OPENING.replace("next update: 30 min\n", ""), "NEXT_UPDATE_MISSING", "Line 1"),
        (OPENING.replace("30 min", "soon"), "BAD_TIME", "Line 4, column 14"),
        (OPENING.replace("30 min", "2020-01-01T00:00"), "NEXT_UPDATE_PAST", "Line 4, column 14"),
        (OPENING.replace("  Component 1", "  Component 9"), "UNKNOWN_COMPONENT", "Line 6, column 3"),
        (OPENING.replace("partial_outage", "bad"), "STATUS_UNKNOWN", "Line 6, column 16"),
        (OPENING.replace("  Component 1: partial_outage", "  Component 1"), "FRONT_MATTER", "Line 6, column 3"),
        (following("identified", incident="nosuchthing1"), "UNKNOWN_INCIDENT", "Line 3, column 11"),
        ("---\nstatus: resolved\ntitle: T\n---\n\n", "TEXT_MISSING", "Line 5, column 1"),
        (OPENING + "x" * 5_001, "TEXT_TOO_LONG", "Line 8, column 1"),
        (OPENING.replace("Some of you", "Ask someone@customer.example, you"), "PRIVACY_BLOCKED", "line 10, column 5"),
        (OPENING.replace("title: Problem", "title: someone@customer.example"), "PRIVACY_BLOCKED", "line 3, column 8"),
    ],
)  # fmt: skip
def test_what_cannot_be_published_is_refused_with_its_place(text, code, place):
    with pytest.raises(Refused) as refusal:
        read(text)

    assert refusal.value.code == code
    assert place in refusal.value.sentence
    assert "customer" not in refusal.value.sentence


def test_an_opening_word_stands_on_the_page_with_its_component():
    page = host_post.applied(a_page(), [read(OPENING)])
    (incident,) = page.incidents

    assert (incident.name, incident.impact, incident.component_ids) == (
        "Problem with Component 1",
        "major",
        ("component001",),
    )
    assert page.components[0].status == "partial_outage"
    assert [one.status for one in page.components[0].stretches] == ["operational", "partial_outage"]
    assert incident.updates[0].affected[0].old_status == "operational"


def test_twice_is_once():
    once = host_post.applied(a_page(), [read(OPENING)])

    assert host_post.applied(once, [read(OPENING)]) == once


def test_resolved_sets_back_what_nobody_else_holds_and_keeps_the_worst_impact():
    both = ("component001", "component002")
    page = a_page(
        an_incident(1, component_ids=both),
        an_incident(2, component_ids=("component002",)),
        components=(a_component(1, "major_outage"), a_component(2, "partial_outage")),
    )
    over = read(following("resolved", incident="incident0001", due=""), page)
    after = host_post.applied(page, [over])
    incident = next(one for one in after.incidents if one.public_id == "incident0001")

    assert [one.status for one in after.components] == ["operational", "partial_outage"]
    assert (incident.status, incident.resolved_at, incident.impact) == ("resolved", NOW, "major")


def test_what_somebody_said_later_stays_the_last_word():
    page = a_page(an_incident(1))
    post = read(
        following("identified", incident="incident0001", more="components:\n  Component 2: major_outage\n"), page
    )
    later = a_page(
        an_incident(
            1, status="monitoring", updates=(an_update(9, "monitoring", published_at=NOW + timedelta(minutes=1)),)
        )
    )
    after = host_post.applied(later, [post])

    assert [one.status for one in after.incidents[0].updates] == ["monitoring", "identified"]
    assert after.incidents[0].status == "monitoring"
    assert after.components == later.components


def test_a_word_for_an_incident_that_went_away_goes_with_it():
    post = read(following("identified", incident="incident0001"), a_page(an_incident(1)))

    assert host_post.applied(a_page(), [post]) == a_page()


# --- with rows --------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(backend, snapshot_dir, settings, tmp_path) -> Path:
    """A portal that has built its page; what is said on the host waits in a folder of the test's own."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    actions.rebuild(ago(minutes=1))
    return Path(snapshot_dir)


def a_file(component: Component, **values: str) -> str:
    text = OPENING.replace("Problem with Component 1", "Problem with a part").replace("Component 1", component.name)
    for old, new in values.items():
        text = text.replace(old, new)
    return text


def shown(house: Path, address: str = "/status/") -> str:
    return (house / "current" / file_of(address)).read_text()


def feed_ids(house: Path) -> list[str]:
    return re.findall(r"<id>(.*?)</id>", shown(house, "/history.atom"))


def test_what_is_said_on_the_host_is_on_the_page_at_once_and_needs_no_database(house, django_assert_num_queries):
    component = Component.objects.in_order()[0]
    with django_assert_num_queries(0):
        done = from_host.post(a_file(component), by="host:ops", at=NOW)

    assert not done.is_repeated
    assert "Problem with a part" in shown(house)
    assert "Some of you see errors." in shown(house, f"/status/incidents/{done.post.incident_id}/")
    summary = json.loads((house / "current/api/v2/summary.json").read_text())
    assert [one["id"] for one in summary["incidents"]] == [done.post.incident_id]


def test_running_the_command_twice_changes_nothing(house):
    text = a_file(Component.objects.in_order()[0])
    first = from_host.post(text, by="host:ops", at=NOW)
    version = (house / "current").readlink()
    again = from_host.post(text, by="host:ops", at=NOW + timedelta(minutes=2))

    assert (first.is_repeated, again.is_repeated, again.waiting) == (False, True, 1)
    assert again.post.incident_id == first.post.incident_id
    assert (house / "current").readlink() == version


def test_a_rebuild_before_it_is_a_row_does_not_lose_it(house):
    from_host.post(a_file(Component.objects.in_order()[0]), by="host:ops", at=NOW)

    actions.rebuild(NOW + timedelta(seconds=30))

    assert "Problem with a part" in shown(house)


def test_it_becomes_rows_with_its_true_time_and_the_address_that_readers_know(
    house, django_capture_on_commit_callbacks
):
    component = Component.objects.in_order()[0]
    done = from_host.post(a_file(component), by="host:ops", at=NOW)
    before = feed_ids(house)
    with django_capture_on_commit_callbacks(execute=True):
        assert from_host.reconcile(NOW + timedelta(hours=1)) == 1

    public = PublicIncident.objects.get()
    update = StatusUpdate.objects.get()
    assert (public.public_id, public.first_published_at) == (done.post.incident_id, NOW)
    assert (update.public_id, update.state, update.published_at) == (done.post.public_id, "published", NOW)
    room = Incident.objects.get()
    assert (room.source, room.severity_confirmed, room.domain) == ("host", False, component.domain)
    event = TimelineEvent.objects.get(kind="public_update")
    assert (event.source, event.occurred_at, event.actor) == ("host", NOW, None)
    component.refresh_from_db()
    assert component.status == "partial_outage"
    assert ComponentInterval.objects.get(component=component, ended_at=None).started_at == NOW
    line = AuditEvent.objects.get(act="status_update.publish_from_host")
    assert line.actor == "host:ops"
    assert host_queue.waiting() == []
    assert feed_ids(house) == before
    assert shown(house).count("Problem with a part") == shown(house).count(f"/status/incidents/{public.public_id}/") > 0


def test_a_word_from_the_host_is_taken_away_with_its_row(house, publisher):
    from_host.post(a_file(Component.objects.in_order()[0]), by="host:ops", at=NOW)
    from_host.reconcile(NOW + timedelta(hours=1))

    corrections.remove(StatusUpdate.objects.get(), reason="A name", by=publisher, at=NOW + timedelta(hours=2))

    assert not TimelineText.objects.filter(body__contains="Some of you see errors.").exists()
    assert not clocks.is_public(Incident.objects.get())


def test_a_correction_of_a_word_from_the_host_names_its_row(house, publisher):
    from_host.post(a_file(Component.objects.in_order()[0]), by="host:ops", at=NOW)
    from_host.reconcile(NOW + timedelta(hours=1))

    corrections.correct(
        StatusUpdate.objects.get(), body="All see errors.", notify=False, by=publisher, at=NOW + timedelta(hours=2)
    )

    assert TimelineEvent.objects.get(kind="correction").corrects == TimelineEvent.objects.get(kind="public_update")


def test_a_word_from_the_host_that_becomes_a_row_late_is_not_the_newest(house, draft, publisher, write):
    incident = actions.publish(draft, by=publisher, at=ago(minutes=5)).public_incident.incident
    actions.rebuild(ago(minutes=4))
    public = incident.public.public_id
    from_host.post(following("identified", incident=public), by="host:ops", at=ago(minutes=3))
    actions.publish(write(status="resolved", next_update_at=None, components={}), by=publisher, at=NOW)

    from_host.reconcile(NOW + timedelta(hours=1))

    assert StatusUpdate.objects.filter(state="published").count() == 3
    assert not response.readers_wait(incident)


def test_reconciling_twice_makes_one_row(house):
    done = from_host.post(a_file(Component.objects.in_order()[0]), by="host:ops", at=NOW)
    from_host.reconcile(NOW)
    host_queue.add(done.post)  # as if the portal had died before it could delete the file

    assert from_host.reconcile(NOW) == 0
    assert StatusUpdate.objects.count() == 1
    assert host_queue.waiting() == []


def test_several_words_become_rows_in_the_order_in_which_they_were_said(house):
    component = Component.objects.in_order()[0]
    first = from_host.post(a_file(component), by="host:ops", at=NOW)
    over = following("resolved", incident=first.post.incident_id, due="")
    from_host.post(over, by="host:ops", at=NOW + timedelta(minutes=9))

    from_host.reconcile(NOW + timedelta(hours=1))

    public = PublicIncident.objects.get()
    component.refresh_from_db()
    assert (public.status, public.resolved_at) == ("resolved", NOW + timedelta(minutes=9))
    assert component.status == "operational"
    assert public.updates.count() == 2


def test_what_a_person_set_meanwhile_stays(house):
    component = Component.objects.in_order()[0]
    from_host.post(a_file(component), by="host:ops", at=NOW)
    actions.set_status(component, "major_outage", at=NOW + timedelta(minutes=5))

    from_host.reconcile(NOW + timedelta(hours=1))

    component.refresh_from_db()
    assert component.status == "major_outage"
    assert not ComponentInterval.objects.filter(component=component, started_at=NOW).exists()


def test_a_word_on_what_is_a_security_incident_by_now_is_set_aside(house, draft, publisher):
    draft = actions.publish(draft, by=publisher, at=ago(minutes=5))
    actions.rebuild(ago(minutes=4))
    public = draft.public_incident
    from_host.post(following("identified", incident=public.public_id), by="host:ops", at=NOW)
    Incident.objects.update(nature="security")

    assert from_host.reconcile(NOW + timedelta(hours=1)) == 0
    assert host_queue.waiting() == []
    assert list(host_queue.folder().glob("*.refused"))
    assert AuditEvent.objects.filter(act="status_update.host_refused", actor="host:ops").exists()


def test_a_word_on_what_was_merged_is_set_aside_with_the_way_on(house, draft, publisher):
    public = actions.publish(draft, by=publisher, at=ago(minutes=5)).public_incident
    actions.rebuild(ago(minutes=4))
    other = open_incident(publisher)
    Incident.objects.filter(pk=public.incident_id).update(merged_into=other)
    from_host.post(following("identified", incident=public.public_id), by="host:ops", at=NOW)

    assert from_host.reconcile(NOW + timedelta(hours=1)) == 0
    assert host_queue.waiting() == []
    line = AuditEvent.objects.get(act="status_update.host_refused")
    assert f"Go on in {other.label}." in line.reason
    assert not StatusUpdate.objects.filter(status="identified").exists()


def test_the_sweep_carries_it_in(house):
    from_host.post(a_file(Component.objects.in_order()[0]), by="host:ops", at=timezone.now())

    tasks.rebuild_snapshot()

    assert StatusUpdate.objects.filter(state="published").count() == 1


def command(*words: str, capsys: Any) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("statuspage_post", *words)
    except SystemExit as end:
        code = int(str(end.code))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_says_its_line(house, tmp_path, capsys):
    file = tmp_path / "update.md"
    file.write_text(a_file(Component.objects.in_order()[0]))

    code, out, _ = command("--from-file", str(file), capsys=capsys)
    (post,) = host_queue.waiting()

    assert code == 0
    assert out == (
        f"statuspage_post status=ok result=published incident={post.incident_id} update={post.public_id} waiting=1\n"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"nothing", "front_matter"),
        (b"\xff", "file_unreadable"),
        (b"x" * 70_000, "file_too_large"),
        (OPENING.replace("Some of you", "someone@customer.example").encode(), "privacy_blocked"),
    ],
)  # fmt: skip
def test_the_command_says_why_not(house, tmp_path, capsys, body, reason):
    file = tmp_path / "update.md"
    file.write_bytes(body)

    code, out, err = command("--from-file", str(file), capsys=capsys)

    assert (code, out) == (1, f"statuspage_post status=fail reason={reason}\n")
    assert "customer" not in err
    assert host_queue.waiting() == []


def test_without_a_page_there_is_nothing_to_add_to(settings, tmp_path, capsys):
    settings.SNAPSHOT_DIR = tmp_path / "none"
    file = tmp_path / "update.md"
    file.write_text(OPENING)

    code, out, _ = command("--from-file", str(file), capsys=capsys)

    assert (code, out) == (1, "statuspage_post status=fail reason=no_snapshot\n")


@pytest.mark.parametrize(
    "wrong",
    [
        {"posted_at": "2026-11-21T03:00:00"},
        {"posted_at": "9999-12-31T23:59:59+00:00"},
        {"status": "bogus"},
        {"title": 5},
        {"title": "x" * 161},
        {"body": "nul \0"},
        {"components": [["component001", "on fire"]]},
        {"components": [[[], "operational"]]},
        {"more": 1},
    ],
)
def test_a_waiting_file_that_somebody_changed_is_nobody_s_word_and_holds_up_no_other(settings, tmp_path, wrong):
    settings.DATA_DIR = tmp_path
    path = host_queue.add(read(OPENING))
    other = host_queue.add(read(OPENING.replace("Some", "Many")))
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))

    waiting = host_queue.waiting()

    assert [post.public_id for post in waiting] == [other.stem.rpartition("-")[2]]
    assert host_post.applied(a_page(), waiting).incidents
