"""The Statuspage v2 public contract: eight JSON documents, field by field as existing clients expect them.

Times have exactly three fractional digits and a Z: some clients fail on anything else, and `isoformat()` drops a zero
fraction.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from incidents.statuspage import rollup, windows
from incidents.statuspage.content import Component, Content, Incident, Maintenance, Update
from incidents.statuspage.ids import stable_id

RECENT = 50
Json = dict[str, Any]


def instant(moment: datetime) -> str:
    """
    >>> instant(datetime(2026, 1, 2, tzinfo=UTC))
    '2026-01-02T00:00:00.000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def all_of(content: Content) -> dict[str, Json]:
    """Each document under its name, such as "incidents/unresolved"."""
    page = {"page": _page(content)}
    components = {"components": list(_components(content))}
    incidents = [_incident(content, one) for one in content.incidents[:RECENT]]
    unresolved = [_incident(content, one) for one in content.open_incidents]
    status = {"status": _status(content)}
    planned = [_maintenance(content, one) for one in content.maintenances]
    recent = [_maintenance(content, one) for one in content.told_maintenances[:RECENT]]
    upcoming = [one for one in planned if one["status"] == windows.SCHEDULED]
    active = [one for one in planned if one["status"] in windows.RUNNING]
    maintenances: Json = {"scheduled_maintenances": [*active, *upcoming]}
    return {
        "summary": {**page, **components, "incidents": unresolved, **maintenances, **status},
        "status": {**page, **status},
        "components": {**page, **components},
        "incidents": {**page, "incidents": incidents},
        "incidents/unresolved": {**page, "incidents": unresolved},
        "scheduled-maintenances": {**page, "scheduled_maintenances": recent},
        "scheduled-maintenances/upcoming": {**page, "scheduled_maintenances": upcoming},
        "scheduled-maintenances/active": {**page, "scheduled_maintenances": active},
    }


def overall(content: Content) -> rollup.Overall:
    """The page's indicator: components, lifted by open incidents."""
    return rollup.overall(
        [component.status for component in content.components],
        [incident.impact for incident in content.open_incidents],
        some_unknown=any(component.unknown_since for component in content.components),
    )


def group_id(page_id: str, name: str) -> str:
    """Stays the same while the group keeps its name."""
    return stable_id(page_id, name)


def _page(content: Content) -> Json:
    return {
        "id": content.page_id,
        "name": content.name,
        "url": content.url,
        "time_zone": content.time_zone,
        "updated_at": instant(content.updated_at),
    }


def _status(content: Content) -> Json:
    found = overall(content)
    return {"indicator": found.indicator, "description": found.description}


def _components(content: Content) -> Iterable[Json]:
    """A flat list: each group's row before its children, as the contract has it."""
    for name, members in groupby(content.components, key=lambda one: one.group_name):
        children = list(members)
        if name:
            yield _group(content, name, children)
        for component in children:
            yield _component(content, component)


def _component(content: Content, component: Component) -> Json:
    return {
        "id": component.public_id,
        "name": component.name,
        "status": component.status,
        "created_at": instant(component.created_at),
        "updated_at": instant(component.updated_at),
        "position": content.components.index(component) + 1,
        "description": component.description or None,
        "showcase": True,
        "start_date": component.start_date.isoformat(),
        "group_id": group_id(content.page_id, component.group_name) if component.group_name else None,
        "page_id": content.page_id,
        "group": False,
        "only_show_if_degraded": component.only_show_if_degraded,
    }


def _group(content: Content, name: str, children: list[Component]) -> Json:
    return {
        "id": group_id(content.page_id, name),
        "name": name,
        "status": rollup.worst(child.status for child in children),
        "created_at": instant(min(child.created_at for child in children)),
        "updated_at": instant(max(child.updated_at for child in children)),
        "position": content.components.index(children[0]) + 1,
        "description": None,
        "showcase": True,
        "start_date": min(child.start_date for child in children).isoformat(),
        "group_id": None,
        "page_id": content.page_id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [child.public_id for child in children],
    }


def _incident(content: Content, incident: Incident) -> Json:
    touched = (content.component(public_id) for public_id in incident.component_ids)
    return {
        "id": incident.public_id,
        "name": incident.name,
        "status": incident.status,
        "created_at": instant(incident.told_at),
        "updated_at": instant(incident.updated_at),
        "monitoring_at": _maybe(incident.monitoring_at),
        "resolved_at": _maybe(incident.resolved_at),
        "impact": incident.impact,
        "shortlink": f"{content.url}/incidents/{incident.public_id}/",
        "started_at": instant(incident.published_at),
        "page_id": content.page_id,
        "reminder_intervals": None,
        "incident_updates": [_update(incident.public_id, update) for update in incident.updates],
        "components": [_component(content, component) for component in touched if component],
    }


def _maintenance(content: Content, planned: Maintenance) -> Json:
    """The contract has no word for cancelled: such work is completed, and its last update says what happened."""
    touched = (content.component(public_id) for public_id in planned.component_ids)
    return {
        "id": planned.public_id,
        "name": planned.name,
        "status": _contract_word(planned.status),
        "created_at": instant(planned.announced_at),
        "updated_at": instant(planned.updated_at),
        "monitoring_at": None,
        "resolved_at": _maybe(planned.over_at),
        "impact": "maintenance",
        "shortlink": f"{content.url}/maintenance/{planned.public_id}/",
        "started_at": instant(planned.window.starts_at),
        "page_id": content.page_id,
        "reminder_intervals": None,
        "incident_updates": [_update(planned.public_id, update) for update in planned.updates],
        "components": [_component(content, component) for component in touched if component],
        "scheduled_for": instant(planned.window.starts_at),
        "scheduled_until": instant(planned.window.ends_at),
    }


def _contract_word(status: str) -> str:
    return windows.COMPLETED if status == windows.CANCELLED else status


def _update(owner: str, update: Update) -> Json:
    affected = [
        {"code": one.code, "name": one.name, "old_status": one.old_status, "new_status": one.new_status}
        for one in update.affected
    ]
    return {
        "id": update.public_id,
        "status": _contract_word(update.status),
        "body": update.body,
        "incident_id": owner,
        "created_at": instant(update.published_at),
        "updated_at": instant(update.updated_at),
        "display_at": instant(update.published_at),
        "affected_components": affected or None,
        "deliver_notifications": update.notify,
        "custom_tweet": None,
        "tweet_id": None,
    }
