"""The demo is whole, the same every time, and wakes nobody."""

import pytest
from django.db.models import F
from django.utils import timezone

from checks.demo import impacts, load, story
from checks.models import Check, DayBucket, HourBucket, MinuteBucket, Review
from incidents.changes.models import Change, Suspect
from incidents.models import (
    DayRecord,
    Drill,
    Incident,
    Maintenance,
    Occurrence,
    PublicIncident,
    Reaction,
    Runbook,
    RunbookStep,
    RunbookUse,
    StatusUpdate,
    TimelineEvent,
)
from incidents.response import closing
from incidents.statuspage import documents
from incidents.statuspage import load as page
from opsportal.launch import MADE_UP
from opsportal.models import Delivery, User
from tests.incidents.statuspage.contract import faults_of_all

pytestmark = pytest.mark.django_db(transaction=True)


def test_twelve_weeks_are_loaded_through_the_actions_and_wake_nobody(settings, tmp_path):
    settings.SNAPSHOT_DIR = tmp_path / "snapshot"

    loaded = load.load(at=timezone.now())

    assert load.is_loaded()
    assert loaded.incidents == Incident.objects.count() >= 15
    assert Incident.objects.open().count() == 2
    assert Incident.objects.exclude(closed_at=None).count() >= 10
    (waits,) = Incident.objects.filter(title=story.WAITING, status="resolved", closed_at=None)
    assert closing.missing(waits) == []
    assert {user.username for user in User.objects.all()} == {"admin", "publisher", "responder", "viewer"}
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert PublicIncident.objects.published().count() >= 10
    assert not StatusUpdate.objects.filter(state="draft").exists()
    assert not Reaction.objects.filter(done_at=None).exists()
    assert not Delivery.objects.exclude(state="sent").exists()  # nothing leaves: what readers got is told as past
    assert Runbook.objects.get(slug="database-outage").version == 2
    assert set(RunbookUse.objects.values_list("result", flat=True)) == {"worked", "partly", "not", ""}
    verdicts = RunbookStep.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == ["as_expected", "as_expected", "not_as_expected", "done"]
    assert {"decision", "correction", "redaction"} <= set(TimelineEvent.objects.values_list("kind", flat=True))
    assert Incident.objects.get(nature="security").timeline.filter(kind="decision", new="worked").exists()
    assert Incident.objects.exclude(closed_at=None).filter(mode="test").count() == 1
    hurt_before = Incident.objects.filter(detected_at__gt=F("impact_started_at")).exclude(affected_share="")
    assert set(impacts.HITS) == set(hurt_before.values_list("title", flat=True))
    assert Change.objects.count() > 60
    works = Maintenance.objects.exclude(announced_at=None)
    assert {one.window.status(timezone.now()) for one in works} == {
        "scheduled",
        "in_progress",
        "completed",
        "cancelled",
    }
    assert list(Drill.objects.order_by("number").values_list("state", "flag")) == [("finished", "")] * 3
    assert set(Occurrence.objects.values_list("state", flat=True)) == {"held", "missed", "open"}
    assert DayRecord.objects.count() >= 80
    assert Review.objects.exclude(signed_at=None).count() == 3
    suspected = Suspect.objects.order_by("incident__number").values_list("incident__title", flat=True)
    assert list(suspected) == ["Dashboard blank after release", story.OPEN[0].title]
    assert (tmp_path / "snapshot" / "current").exists()
    assert faults_of_all(documents.all_of(page.page(timezone.now()))) == []
    with_history = Check.objects.count()
    assert DayBucket.objects.values("check_id").distinct().count() == with_history
    assert DayBucket.objects.filter(check_id=Check.objects.get(key="api-health").pk).count() >= 84
    assert HourBucket.objects.count() > 84 * 24 * with_history * 0.9
    assert MinuteBucket.objects.exists()
    # A name that bin/up makes up counts as unset: the demo would open an incident by itself.
    assert not any(name in Check.objects.get(key="worker-environment").spec["names"] for name in MADE_UP)
