"""What was never public and is over, published afterwards: true times, a mark, and a record that is corrected."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.statuspage import (
    actions,
    backfill,
    bars,
    components,
    day_records,
    documents,
    feeds,
    load,
    rendering,
    snapshot,
)
from incidents.statuspage.models import Component, DayRecord, PublicIncident, StatusUpdate
from opsportal.errors import Denied, Refused
from opsportal.models import User
from tests.incidents.statuspage.conftest import ASSETS, NOW, ago

pytestmark = pytest.mark.django_db
BEGAN, ENDED = ago(days=2, hours=1), ago(days=2)


@pytest.fixture
def over(incident: Incident, responder: User) -> Incident:
    """Resolved; the portal's own draft still lies there."""
    actions.draft_first(incident, at=ago(minutes=9))
    response.change_status(incident, to="resolved", note="It works.", by=responder, at=ago(minutes=5))
    incident.refresh_from_db()
    return incident


@pytest.fixture
def words() -> dict[str, Any]:
    return {
        "title": "Errors in the API",
        "body": "Some requests failed.",
        "began_at": BEGAN,
        "ended_at": ENDED,
        "components": {Component.objects.get(name="API").public_id: "major_outage"},
    }


def share(at: datetime = NOW) -> float | None:
    component = next(one for one in load.page(at).components if one.name == "API")
    return bars.uptime(bars.days(component.stretches, at=at, records=component.records))


def test_readers_see_true_times_and_that_it_was_written_afterwards(over, words, publisher):
    public = backfill.publish_afterwards(over, **words, by=publisher, at=NOW)

    page = load.page(NOW)
    [shown] = page.incidents
    assert (shown.published_at, shown.resolved_at, shown.written_at) == (BEGAN, ENDED, NOW)
    assert (shown.impact, shown.status) == ("critical", "resolved")
    tree = snapshot.build(page, at=NOW, render=rendering.render, assets=ASSETS)
    html = tree[f"status/incidents/{public.public_id}/index.html"].decode()
    assert "19 Nov 2026, 02:12 to 19 Nov 2026, 03:12 UTC" in html
    assert "Written afterwards, on 21 Nov 2026." in html
    assert "written afterwards" in tree["status/history/2026-11/index.html"].decode()


def test_programs_get_both_times(over, words, publisher):
    backfill.publish_afterwards(over, **words, by=publisher, at=NOW)

    page = load.page(NOW)
    [row] = documents.all_of(page)["incidents"]["incidents"]
    assert (row["started_at"], row["created_at"]) == ("2026-11-19T02:12:30.400Z", "2026-11-21T03:12:30.400Z")
    assert b"<published>2026-11-21T03:12:30Z</published>" in feeds.atom(page)


def test_the_record_is_corrected_and_keeps_what_was_written_before(over, words, publisher):
    day_records.write(NOW)
    before = share()

    backfill.publish_afterwards(over, **words, by=publisher, at=NOW)

    api = Component.objects.get(name="API")
    found = list(api.intervals.order_by("started_at").values_list("status", "started_at", "ended_at"))
    assert found[-3:] == [
        ("operational", ago(days=30), BEGAN),
        ("major_outage", BEGAN, ENDED),
        ("operational", ENDED, None),
    ]
    assert before == 100.0 and share() == 99.86
    rows = DayRecord.objects.filter(component=api, on="2026-11-19").order_by("revision")
    assert [(row.worst, row.reason) for row in rows] == [
        ("operational", ""),
        ("major_outage", f"{over.label} was published afterwards"),
    ]


def test_what_was_said_to_be_worse_stays(over, words, publisher):
    api = Component.objects.get(name="API")
    components.set_component(api, to="major_outage", by=publisher, at=BEGAN + timedelta(minutes=30))
    components.set_component(api, to="operational", by=publisher, at=ENDED + timedelta(minutes=30))
    words["components"] = {api.public_id: "degraded_performance"}

    backfill.publish_afterwards(over, **words, by=publisher, at=NOW)

    statuses = api.intervals.order_by("started_at").values_list("status", flat=True)
    assert list(statuses)[-4:] == ["operational", "degraded_performance", "major_outage", "operational"]


def test_the_draft_that_waited_is_thrown_away_and_nobody_gets_a_message(over, words, publisher):
    backfill.publish_afterwards(over, **words, by=publisher, at=NOW)

    rows = StatusUpdate.objects.order_by("id").values_list("state", "notify")
    assert list(rows) == [("discarded", True), ("published", False)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": " "}, "TEXT_MISSING"),
        ({"components": {}}, "COMPONENTS_MISSING"),
        ({"began_at": ENDED}, "TIMES_UNSOUND"),
        ({"began_at": ago(days=40)}, "TIMES_UNSOUND"),
        ({"began_at": ago(), "ended_at": NOW + timedelta(hours=1)}, "NOT_OVER"),
    ],
)
def test_what_cannot_have_been_is_refused(over, words, publisher, values, code):
    with pytest.raises(Refused) as refusal:
        backfill.publish_afterwards(over, **(words | values), by=publisher, at=NOW)

    assert refusal.value.code == code


def test_not_while_it_runs_not_twice_and_not_by_everybody(incident, words, publisher, responder):
    with pytest.raises(Refused, match="not over"):
        backfill.publish_afterwards(incident, **words, by=publisher, at=NOW)
    response.change_status(incident, to="resolved", note="It works.", by=responder, at=ago(minutes=5))
    with pytest.raises(Denied):
        backfill.publish_afterwards(incident, **words, by=responder, at=NOW)
    backfill.publish_afterwards(incident, **words, by=publisher, at=NOW)
    with pytest.raises(Refused, match="know of it already"):
        backfill.publish_afterwards(incident, **words, by=publisher, at=NOW)


def test_from_the_incidents_page_to_the_history(client_as, publisher, over):
    client, address = client_as(publisher), f"/incidents/{over.label}/public/afterwards/"
    assert address in client.get(f"/incidents/{over.label}/public/").content.decode()
    assert 'value="Problem with' in client.get(address).content.decode()
    api = Component.objects.get(name="API")
    typed = {"title": "Errors", "body": "Some requests failed.", f"component-{api.public_id}": "partial_outage"}

    wrong = client.post(address, typed | {"began_at": "2026-11-19T03:00", "ended_at": "2026-11-19T02:00"})
    assert wrong.status_code == 422
    assert "The end comes after the beginning." in wrong.content.decode()
    assert "Some requests failed." in wrong.content.decode()

    client.post(address, typed | {"began_at": "2026-11-19T02:00", "ended_at": "2026-11-19T03:00"})
    assert PublicIncident.objects.get().written_at is not None
    assert client.get(address).status_code == 422
