"""The public JSON contract: all eight documents against the JSON Schemas beside this file, and what each holds."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.statuspage import content, documents, load
from incidents.statuspage.models import Page
from tests.incidents.statuspage.conftest import NOW, a_component, a_maintenance, a_page, ago, an_incident, an_update
from tests.incidents.statuspage.contract import SCHEMAS, faults, faults_of_all


@pytest.fixture
def page() -> content.Content:
    shop = {"group_name": "Shop", "description": "What people buy"}
    return a_page(
        an_incident(2, updates=(an_update(3, "identified"), an_update(2))),
        an_incident(1, is_open=False, updates=(an_update(1, "resolved", affected=(), next_update_at=None),)),
        components=(a_component(1, "partial_outage"), a_component(2, **shop), a_component(3, "major_outage", **shop)),
        maintenances=(
            a_maintenance(1, starts=-50, ends=-49, cancelled_at=ago(hours=60)),
            a_maintenance(2, starts=-20, ends=-19),
            a_maintenance(3, starts=-1, ends=1),
            a_maintenance(4, starts=-2, ends=2, verifying_at=ago(minutes=5)),
            a_maintenance(5, starts=30, ends=31),
        ),
    )


def edges() -> Iterator[tuple[str, content.Content]]:
    """Pages that lie at the edge of the contract."""
    shop = {"group_name": "Shop"}
    yield "nothing", a_page(components=())
    yield "no components but an incident", a_page(an_incident(component_ids=(), impact="none"), components=())
    yield "a group with one child", a_page(components=(a_component(1, **shop),))
    yield "an update without components", a_page(an_incident(updates=(an_update(affected=(), next_update_at=None),)))
    learned = an_update(2, "postmortem", affected=(), next_update_at=None)
    yield (
        "a post-mortem",
        a_page(an_incident(1, updates=(learned, an_update(1, "resolved")), is_open=False, status="postmortem")),
    )
    yield "silent checks", a_page(components=(a_component(1, unknown_since=ago(hours=1)),))
    yield "a component that is gone", a_page(an_incident(component_ids=("component009",)))
    yield "written afterwards", a_page(an_incident(is_open=False, written_at=NOW))
    for word, window in {
        "scheduled": {"starts": 30, "ends": 31},
        "in progress": {"starts": -1, "ends": 1},
        "verifying": {"starts": -2, "ends": 2, "verifying_at": ago(minutes=5)},
        "completed": {"starts": -20, "ends": -19},
        "cancelled": {"starts": 5, "ends": 6, "cancelled_at": ago(hours=1)},
        "cancelled within": {"starts": -5, "ends": 6, "cancelled_at": ago(hours=1)},
    }.items():
        yield f"maintenance {word}", a_page(maintenances=(a_maintenance(1, **window),))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_full_page_keeps_to_the_contract(name, page):
    assert faults(name, documents.all_of(page)[name]) == []


@pytest.mark.parametrize("edge", [one for _, one in edges()], ids=[name for name, _ in edges()])
def test_the_edges_keep_to_the_contract(edge):
    assert faults_of_all(documents.all_of(edge)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("page", "updated_at"), "2026-01-02T00:00:00Z"),
        (("page", "updated_at"), "2026-01-02T00:00:00.000+00:00"),
        (("page", "updated_at"), "2026-01-02T00:00:00.000000Z"),
        (("page", "url"), "https://ops.example/status/"),
        (("status", "indicator"), "unknown"),
        (("more",), 1),
    ],
)
def test_the_schemas_refuse_what_existing_clients_cannot_read(path, value, page):
    document = documents.all_of(page)["summary"]
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    assert len(faults("summary", document)) == 1


@pytest.mark.django_db
def test_the_rows_of_a_real_portal_keep_to_the_contract():
    Page.objects.update(name="Harbour")
    found = documents.all_of(load.page(timezone.now()))

    assert found["components"]["components"]
    assert faults_of_all(found) == []


def test_there_are_eight_documents(page):
    assert set(documents.all_of(page)) == set(SCHEMAS)


def test_a_group_is_a_row_of_its_own_before_its_children_with_the_worst_of_their_states(page):
    rows = documents.all_of(page)["components"]["components"]

    assert [(row["name"], row["group"]) for row in rows] == [
        ("Component 1", False),
        ("Shop", True),
        ("Component 2", False),
        ("Component 3", False),
    ]
    assert rows[1]["status"] == "major_outage"
    assert rows[1]["components"] == [rows[2]["id"], rows[3]["id"]]
    assert rows[2]["group_id"] == rows[3]["group_id"] == rows[1]["id"]


def test_unresolved_and_summary_hold_open_incidents_only_and_incidents_all(page):
    found = documents.all_of(page)

    assert [one["id"] for one in found["incidents"]["incidents"]] == ["incident0002", "incident0001"]
    assert [one["id"] for one in found["incidents/unresolved"]["incidents"]] == ["incident0002"]
    assert found["summary"]["incidents"] == found["incidents/unresolved"]["incidents"]


def test_updates_are_newest_first_and_name_what_changed(page):
    incident = documents.all_of(page)["incidents"]["incidents"][0]

    assert [one["status"] for one in incident["incident_updates"]] == ["identified", "investigating"]
    assert incident["incident_updates"][0]["affected_components"] == [
        {
            "code": "component001",
            "name": "Component 1",
            "old_status": "operational",
            "new_status": "partial_outage",
        }
    ]


def test_incidents_hold_the_fifty_newest():
    many = a_page(*(an_incident(number, is_open=False) for number in range(60, 0, -1)))

    assert len(documents.all_of(many)["incidents"]["incidents"]) == 50


def test_a_rebuild_without_news_changes_no_document(page):
    later = content.Content(**(vars(page) | {"read_at": NOW + timedelta(hours=3)}))

    assert documents.all_of(later) == documents.all_of(page)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (ago(), "2026-11-21T03:12:30.400Z"),
        (NOW.replace(microsecond=0), "2026-11-21T03:12:30.000Z"),
        (NOW.replace(microsecond=999_999), "2026-11-21T03:12:30.999Z"),
    ],
)
def test_times_have_exactly_three_digits_and_a_z(moment, text):
    assert documents.instant(moment) == text


def test_an_update_says_whether_it_was_sent_and_when_it_was_corrected():
    page = a_page(an_incident(updates=(an_update(notify=False, corrected_at=ago(minutes=3)),)))

    update = documents.all_of(page)["incidents"]["incidents"][0]["incident_updates"][0]

    assert update["deliver_notifications"] is False
    assert (update["created_at"], update["updated_at"]) == ("2026-11-21T02:33:30.400Z", "2026-11-21T03:09:30.400Z")


def test_a_component_says_that_the_page_shows_it_only_when_it_is_not_well():
    page = a_page(components=(a_component(1, only_show_if_degraded=True), a_component(2)))

    rows = documents.all_of(page)["components"]["components"]

    assert [one["only_show_if_degraded"] for one in rows] == [True, False]


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"][-1] for one in found]


def test_upcoming_active_and_all_hold_what_the_contract_says(page):
    found = documents.all_of(page)

    assert ids(found["scheduled-maintenances/upcoming"]["scheduled_maintenances"]) == ["5"]
    assert ids(found["scheduled-maintenances/active"]["scheduled_maintenances"]) == ["3", "4"]
    assert ids(found["summary"]["scheduled_maintenances"]) == ["3", "4", "5"]
    assert ids(found["scheduled-maintenances"]["scheduled_maintenances"]) == ["5", "4", "3", "2", "1"]


def test_a_maintenance_says_when_it_is_and_what_it_moves(page):
    found = documents.all_of(page)["scheduled-maintenances"]["scheduled_maintenances"]
    verifying, done, cancelled = found[1], found[3], found[4]

    assert (verifying["scheduled_for"], verifying["scheduled_until"]) == (
        "2026-11-21T01:12:30.400Z",
        "2026-11-21T05:12:30.400Z",
    )
    assert verifying["started_at"] == verifying["scheduled_for"]
    assert (done["status"], done["resolved_at"]) == ("completed", done["scheduled_until"])
    assert [one["status"] for one in done["incident_updates"]] == ["completed", "in_progress", "scheduled"]
    moves = [one["affected_components"][0] for one in done["incident_updates"]]
    assert [(one["old_status"], one["new_status"]) for one in moves] == [
        ("under_maintenance", "operational"),
        ("operational", "under_maintenance"),
        ("operational", "operational"),
    ]
    assert (cancelled["status"], cancelled["incident_updates"][0]["status"]) == ("completed", "completed")


def test_maintenances_hold_the_fifty_newest():
    many = a_page(maintenances=tuple(a_maintenance(number, starts=number, ends=number + 1) for number in range(60)))

    assert len(documents.all_of(many)["scheduled-maintenances"]["scheduled_maintenances"]) == 50
