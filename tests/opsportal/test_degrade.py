"""Degrade mode: limits go down for a while, never up, for admins, with a reason, and come back by themselves."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from opsportal.api.bodies import most_items
from opsportal.api.errors import ApiError
from opsportal.degrade import actions
from opsportal.degrade.models import LoweredLimits
from opsportal.degrade.posted import NAME, Lowered, Posted, write
from opsportal.errors import Refused
from opsportal.models import AuditEvent

pytestmark = pytest.mark.django_db
WHY = "A client sends the same batch in a loop"
FORM = {"body_kib": "32", "batch_items": "50", "minutes": "60", "reason": WHY}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def lower(*, body: int = 32 * 1024, items: int = 50, hours: float = 1, why: str = WHY, at=None) -> LoweredLimits:
    return actions.lower(
        body_bytes=body,
        batch_items=items,
        lasts=timedelta(hours=hours),
        reason=why,
        by="admin",
        at=at or timezone.now(),
    )


def now(folder: Path) -> Lowered | None:
    """What a process that starts now finds."""
    return Posted(folder).now()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"why": "because"}, "REASON_MISSING"),
        ({"hours": 25}, "TOO_LONG"),
        ({"hours": 0}, "TOO_LONG"),
        ({"body": 2 * 1024 * 1024}, "NOT_LOWER"),
        ({"items": 501}, "NOT_LOWER"),
        ({"items": 0}, "NOT_LOWER"),
        ({"body": 1024}, "NOT_LOWER"),
        ({"body": 1024 * 1024, "items": 500}, "NOT_LOWER"),
    ],
)
def test_limits_are_only_lowered_for_a_day_at_most_and_with_a_reason(change, code):
    with pytest.raises(Refused) as refusal:
        lower(**change)

    assert refusal.value.code == code
    assert not LoweredLimits.objects.exists()
    assert not AuditEvent.objects.exists()


def test_an_admin_lowers_and_ends_it_early_and_both_stand_in_the_audit_log(
    client_as, admin, folder, django_capture_on_commit_callbacks
):
    browser = client_as(admin)

    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post("/settings/limits/", FORM).status_code == 302
    lowered = now(folder)
    assert lowered is not None
    assert (lowered.body_bytes, lowered.batch_items) == (32 * 1024, 50)
    assert "Degrade mode is on" in browser.get("/settings/").text
    assert WHY in browser.get("/settings/limits/").text
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post("/settings/limits/restore/").status_code == 302

    assert now(folder) is None
    assert "Degrade mode is on" not in browser.get("/settings/").text
    lines = AuditEvent.objects.filter(act__startswith="limits.").order_by("pk")
    assert [(line.act, line.actor, line.reason) for line in lines] == [
        ("limits.lower", "admin", WHY),
        ("limits.restore", "admin", ""),
    ]


def test_it_is_for_admins(client_as, publisher):
    browser = client_as(publisher)

    assert browser.get("/settings/limits/").status_code == 403
    assert browser.post("/settings/limits/", FORM).status_code == 403
    assert browser.post("/settings/limits/restore/").status_code == 403
    assert not LoweredLimits.objects.exists()


@pytest.mark.parametrize("change", [{"body_kib": "2048"}, {"batch_items": "501"}, {"minutes": "9999"}, {"reason": "x"}])
def test_the_form_says_what_is_wrong_and_keeps_the_rest(client_as, admin, change):
    answer = client_as(admin).post("/settings/limits/", {**FORM, **change})

    assert answer.status_code == 422
    assert not LoweredLimits.objects.exists()


def test_a_second_lowering_takes_the_place_of_the_first_without_a_gap(folder):
    lower(items=100)
    lower(items=20)
    actions.post(at=timezone.now())

    lowered = now(folder)
    assert lowered is not None and lowered.batch_items == 20
    assert LoweredLimits.objects.filter(ended_at=None).count() == 1


def test_the_end_comes_without_anybody_and_is_written_down_once(folder):
    begun = timezone.now() - timedelta(hours=1, seconds=1)
    lower(hours=1, at=begun)
    actions.post(at=begun)

    # The file still lies there: its end stands in it.
    assert (folder / NAME).exists()
    assert now(folder) is None
    assert [actions.write_down_ends(at=timezone.now()) for _ in range(2)] == [1, 0]
    actions.post(at=timezone.now())
    assert not (folder / NAME).exists()
    line = AuditEvent.objects.get(act="limits.restore")
    assert (line.actor, line.reason) == ("portal", "The time was over.")


def test_a_lost_file_is_written_anew_from_the_record(folder):
    lower()
    assert now(folder) is None

    actions.post(at=timezone.now())

    assert now(folder) is not None


def test_a_process_that_runs_notices_within_two_seconds_and_keeps_what_it_knew_when_the_file_is_broken(
    folder, monkeypatch
):
    passed = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed, time=time.time)
    monkeypatch.setattr("opsportal.degrade.posted.time", clock)
    process = Posted(folder)
    assert process.now() is None

    write(folder, Lowered(1000, 10, time.time() + 60))
    passed += 1.1
    assert process.body_bytes() == 1000

    (folder / NAME).write_text(json.dumps({"body_bytes": "x"})[:-3])
    passed += 1.1
    assert process.body_bytes() == 1000

    os.unlink(folder / NAME)
    passed += 1.1
    assert process.body_bytes() is None


def test_a_file_never_raises_what_is_configured(folder, settings):
    settings.INGEST_MAX_BATCH_ITEMS = 3
    write(folder, Lowered(10**9, 10**6, time.time() + 60))

    assert most_items() == 3


def test_a_list_over_the_lowered_limit_is_413_and_nothing_is_stored(folder, rf):
    from opsportal.api.bodies import read_json

    write(folder, Lowered(10**6, 2, time.time() + 60))

    with pytest.raises(ApiError) as refusal:
        read_json(rf.post("/api/v1/x", [1, 2, 3], content_type="application/json"))

    assert (refusal.value.status, refusal.value.code) == (413, "PAYLOAD_TOO_LARGE")


def test_the_doctor_says_that_limits_are_lowered_and_until_when():
    from opsportal.doctor.examination import examine

    lower()

    found = {one.part: one for one in examine()}["limits"]
    assert (found.status, found.reason, found.word) == ("warn", "lowered", "Lowered")
    assert "UTC" in found.advice
