"""The public JSON contract: keys and formats of all eight documents, checked by a schema of our own."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incidents.statuspage import content, documents
from tests.incidents.statuspage.conftest import NOW, a_component, a_maintenance, a_page, ago, an_incident, an_update

Rule = Callable[[Any], bool]
ID = re.compile(r"[a-z0-9]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
COMPONENT_STATUS = {"operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"}
INCIDENT_STATUS = {"investigating", "identified", "monitoring", "resolved", "postmortem"}
MAINTENANCE_STATUS = {"scheduled", "in_progress", "verifying", "completed"}
IMPACT = {"none", "minor", "major", "critical"}


def maybe(rule: Any) -> Rule:
    return lambda value: value is None or matches(rule, value)


def every(schema: Any) -> Rule:
    return lambda values: isinstance(values, list) and all(matches(schema, one) for one in values)


def matches(rule: Any, value: Any) -> bool:
    """A rule is a type, a pattern, a set of words, a dict with exactly these keys, or a function."""
    if isinstance(rule, dict):
        assert set(value) == set(rule), set(value) ^ set(rule)
        for key, inner in rule.items():
            assert matches(inner, value[key]), f"{key}: {value[key]!r}"
        return True
    if isinstance(rule, re.Pattern):
        return isinstance(value, str) and bool(rule.fullmatch(value))
    if isinstance(rule, set):
        return value in rule
    if isinstance(rule, type):
        return isinstance(value, rule) and (rule is bool or not isinstance(value, bool))
    return bool(rule(value))


PAGE = {"id": ID, "name": str, "url": re.compile(r"https?://\S+[^/]"), "time_zone": str, "updated_at": INSTANT}
STATUS = {"indicator": IMPACT | {"maintenance"}, "description": str}
COMPONENT = {
    "id": ID,
    "name": str,
    "status": COMPONENT_STATUS,
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "position": int,
    "description": maybe(str),
    "showcase": bool,
    "start_date": DAY,
    "group_id": maybe(ID),
    "page_id": ID,
    "group": bool,
    "only_show_if_degraded": bool,
}
GROUP = {**COMPONENT, "components": every(ID)}
AFFECTED = {"code": ID, "name": str, "old_status": COMPONENT_STATUS, "new_status": COMPONENT_STATUS}
UPDATE = {
    "id": ID,
    "status": INCIDENT_STATUS,
    "body": str,
    "incident_id": ID,
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "display_at": INSTANT,
    "affected_components": maybe(every(AFFECTED)),
    "deliver_notifications": bool,
    "custom_tweet": maybe(str),
    "tweet_id": maybe(str),
}
INCIDENT = {
    "id": ID,
    "name": str,
    "status": INCIDENT_STATUS,
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "monitoring_at": maybe(INSTANT),
    "resolved_at": maybe(INSTANT),
    "impact": IMPACT,
    "shortlink": re.compile(r"https://\S+"),
    "started_at": INSTANT,
    "page_id": ID,
    "reminder_intervals": maybe(str),
    "incident_updates": lambda found: len(found) > 0 and every(UPDATE)(found),
    "components": every(COMPONENT),
}


def components(found: list[dict[str, Any]]) -> bool:
    return all(matches(GROUP if one["group"] else COMPONENT, one) for one in found)


MAINTENANCE = {
    **INCIDENT,
    "status": MAINTENANCE_STATUS,
    "impact": {"maintenance"},
    "scheduled_for": INSTANT,
    "scheduled_until": INSTANT,
    "incident_updates": lambda found: len(found) > 0 and every({**UPDATE, "status": MAINTENANCE_STATUS})(found),
}
SCHEMAS = {
    "summary": {
        "page": PAGE,
        "components": components,
        "incidents": every(INCIDENT),
        "scheduled_maintenances": every(MAINTENANCE),
        "status": STATUS,
    },
    "status": {"page": PAGE, "status": STATUS},
    "components": {"page": PAGE, "components": components},
    "incidents": {"page": PAGE, "incidents": every(INCIDENT)},
    "incidents/unresolved": {"page": PAGE, "incidents": every(INCIDENT)},
    "scheduled-maintenances": {"page": PAGE, "scheduled_maintenances": every(MAINTENANCE)},
    "scheduled-maintenances/upcoming": {"page": PAGE, "scheduled_maintenances": every(MAINTENANCE)},
    "scheduled-maintenances/active": {"page": PAGE, "scheduled_maintenances": every(MAINTENANCE)},
}


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


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "empty"])
def test_a_document_has_exactly_the_fields_of_the_contract(name, is_full, page):
    document = documents.all_of(page if is_full else a_page(components=()))[name]

    assert matches(SCHEMAS[name], json.loads(json.dumps(document)))


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
