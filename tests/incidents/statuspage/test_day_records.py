"""Days that are over are written once, from what was true then; who counts again gets the figure that is shown."""

import csv
import io
import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from incidents.statuspage import components, day_records, load, rendering, snapshot
from incidents.statuspage.models import Component, ComponentInterval, DayRecord
from tests.incidents.statuspage.conftest import ASSETS, NOW, ago

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(backend, snapshot_dir, publisher) -> Component:
    """Two hours of a major outage around the midnight before yesterday, forty minutes of a partial one today."""
    component = Component.objects.get(name="API")
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for status, moment in (
        ("major_outage", midnight - timedelta(hours=25)),
        ("operational", midnight - timedelta(hours=23)),
        ("partial_outage", midnight + timedelta(minutes=20)),
        ("operational", midnight + timedelta(minutes=60, microseconds=123_456)),
    ):
        components.set_component(component, to=status, by=publisher, at=moment)
    return component


def written(component: Component) -> dict[str, tuple[str, dict[str, float]]]:
    rows = DayRecord.objects.filter(component=component).as_it_stands()
    return {f"{row.on:%m-%d}": (row.worst, row.seconds) for row in rows}


def test_a_day_is_written_with_its_worst_status_and_its_seconds(api):
    day_records.write(NOW)

    found = written(api)
    assert found["11-19"] == ("major_outage", {"operational": 82800.0, "major_outage": 3600.0})
    assert found["11-20"] == ("major_outage", {"operational": 82800.0, "major_outage": 3600.0})
    assert "11-21" not in found
    assert min(found) == "10-22" and found["10-22"][1]["operational"] < 86400


def test_writing_twice_writes_once_and_a_missed_day_is_made_up_for(api):
    first = day_records.write(NOW)

    assert first > 0 and day_records.write(NOW) == 0
    assert day_records.write(NOW + timedelta(days=3)) == 3 * Component.objects.count()


def test_a_day_is_left_to_settle_for_some_minutes(api):
    day_records.write(datetime(2026, 11, 21, 0, 4, tzinfo=UTC))
    assert "11-20" not in written(api)

    day_records.write(datetime(2026, 11, 21, 0, 5, tzinfo=UTC))
    assert "11-20" in written(api)


def test_what_was_written_stays_whatever_happens_to_the_intervals(api):
    day_records.write(NOW)
    ComponentInterval.objects.filter(component=api, status="major_outage").update(status="operational")

    day_records.write(NOW)

    assert written(api)["11-20"][0] == "major_outage"
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        DayRecord.objects.update(worst="operational")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        DayRecord.objects.all().delete()


def test_a_correction_is_a_row_of_its_own_with_its_reason(api, publisher):
    day_records.write(NOW)
    ComponentInterval.objects.filter(component=api, status="major_outage").update(status="degraded_performance")

    added = day_records.correct(
        [api], start=ago(days=2), end=ago(days=1), reason="it was slow, not down", by=publisher, at=NOW
    )

    assert added == 2
    assert written(api)["11-20"][0] == "degraded_performance"
    rows = DayRecord.objects.filter(component=api, on="2026-11-20").order_by("revision")
    assert [(row.revision, row.worst, row.reason) for row in rows] == [
        (0, "major_outage", ""),
        (1, "degraded_performance", "it was slow, not down"),
    ]  # fmt: skip


def test_the_bar_of_a_day_that_is_over_is_what_was_written(api):
    day_records.write(NOW)
    ComponentInterval.objects.filter(component=api, status="major_outage").update(status="operational")

    page = snapshot.build(load.page(NOW), at=NOW, render=rendering.render, assets=ASSETS)["status/index.html"].decode()

    assert "API, 90 days: 2 days with a major outage" in page


TENTHS = {"major_outage": 10, "partial_outage": 3}


def counted_again(rows: list[dict[str, str]], at: datetime) -> str:
    """As a reader would: the published intervals, the published formula, nothing of ours."""
    opening = (at - timedelta(days=89)).replace(hour=0, minute=0, second=0, microsecond=0)
    spans: dict[str, timedelta] = defaultdict(timedelta)
    for row in rows:
        start = max(datetime.fromisoformat(row["started_at"]), opening)
        end = datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else at
        spans[row["status"]] += max(min(end, at) - start, timedelta(0))
    observed = sum((span for status, span in spans.items() if status != "under_maintenance"), timedelta(0))
    lost = sum((TENTHS.get(status, 0) * span for status, span in spans.items()), timedelta(0))
    hundredths = (10_000 * (10 * observed - lost)) // (10 * observed)
    return f"{hundredths // 100}.{hundredths % 100:02} %"


@pytest.mark.parametrize("is_written", [True, False], ids=["from records", "from intervals"])
def test_anybody_can_count_the_uptime_again_from_what_is_published(api, is_written):
    if is_written:
        day_records.write(NOW)
    tree = snapshot.build(load.page(NOW), at=NOW, render=rendering.render, assets=ASSETS)
    html = tree["status/index.html"].decode()
    shown = re.search(r"<h\d>API</h\d>.*?<span>(\d+\.\d\d %)", html, re.S)
    base = f"status/components/{api.public_id}"
    from_json = json.loads(tree[f"{base}/intervals.json"])
    from_csv = list(csv.DictReader(io.StringIO(tree[f"{base}/intervals.csv"].decode())))

    assert shown is not None and shown[1] != "100.00 %"
    assert counted_again(from_json["intervals"], NOW) == counted_again(from_csv, NOW) == shown[1]
    assert len(from_json["days"]) == (30 if is_written else 0)
    assert from_json["formula"] in html


def test_the_files_do_not_change_while_nothing_does(api):
    first, later = (
        snapshot.build(load.page(at), at=at, render=rendering.render, assets=ASSETS)
        for at in (NOW, NOW + timedelta(hours=3))
    )
    base = f"status/components/{api.public_id}"

    assert first[f"{base}/intervals.json"] == later[f"{base}/intervals.json"]
    assert first[f"{base}/maintenance.ics"] == later[f"{base}/maintenance.ics"]
