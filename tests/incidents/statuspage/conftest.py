"""A page of plain values, an incident with its draft, and a snapshot folder of each test's own."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.statuspage import actions, announced, content, windows
from incidents.statuspage.models import Component, ComponentInterval, StatusUpdate
from incidents.statuspage.snapshot import Assets
from opsportal.models import User

NOW = datetime(2026, 11, 21, 3, 12, 30, 400_000, tzinfo=UTC)
ASSETS = Assets(css=b"body{color:red}" * 20, icon=b"<svg xmlns='http://www.w3.org/2000/svg'/>")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def a_component(number: int = 1, status: str = "operational", **values: Any) -> content.Component:
    given: dict[str, Any] = {
        "public_id": f"component{number:03}",
        "name": f"Component {number}",
        "description": "",
        "group_name": "",
        "status": status,
        "start_date": date(2026, 1, 1),
        "created_at": ago(days=200),
        "updated_at": ago(days=2),
        "stretches": (content.Stretch(status, ago(days=200), None),),
    }
    return content.Component(**(given | values))


def an_update(number: int = 1, status: str = "investigating", **values: Any) -> content.Update:
    given: dict[str, Any] = {
        "public_id": f"update{number:06}",
        "status": status,
        "body": "We are looking into it.",
        "published_at": ago(minutes=40 - number),
        "next_update_at": NOW + timedelta(minutes=20),
        "affected": (content.Affected("component001", "Component 1", "operational", "partial_outage"),),
    }
    return content.Update(**(given | values))


def an_incident(number: int = 1, *, is_open: bool = True, **values: Any) -> content.Incident:
    given: dict[str, Any] = {
        "number": number,
        "public_id": f"incident{number:04}",
        "name": "Problem with Component 1",
        "status": "investigating" if is_open else "resolved",
        "impact": "major",
        "published_at": ago(minutes=39),
        "updated_at": ago(minutes=39),
        "monitoring_at": None,
        "resolved_at": None if is_open else ago(minutes=1),
        "component_ids": ("component001",),
        "updates": (an_update(),),
    }
    return content.Incident(**(given | values))


def a_maintenance(
    number: int = 1, *, starts: float = 2, ends: float = 4, at: datetime = NOW, components: int = 1, **values: Any
) -> content.Maintenance:
    """Announced a week ago; `starts` and `ends` are hours from now, `at` the moment of reading."""
    window = windows.Window(NOW + timedelta(hours=starts), NOW + timedelta(hours=ends), **values)
    code = f"maintenanc{number:02}"
    first = content.Update(f"notice{number:06}", "scheduled", "The database moves.", ago(days=7), None)
    said = [first]
    if window.cancelled_at:
        said.append(content.Update(f"cancel{number:06}", "cancelled", "Not this time.", window.cancelled_at, None))
    named = [(f"component{place:03}", f"Component {place}") for place in range(1, components + 1)]
    return content.Maintenance(
        public_id=code,
        name=f"Database upgrade {number}",
        text="The database moves.",
        window=window,
        status=window.status(at),
        sequence=0,
        announced_at=ago(days=7),
        updated_at=announced.last_change(window, window.cancelled_at or ago(days=7), at),
        component_ids=tuple(place for place, _ in named),
        updates=announced.updates(code, window, said, components=named, at=at),
    )


def a_page(
    *incidents: content.Incident,
    components: tuple[content.Component, ...] | None = None,
    maintenances: tuple[content.Maintenance, ...] = (),
) -> content.Content:
    return content.Content(
        page_id="page00000001",
        name="Harbour",
        url="https://ops.example/status",
        time_zone="Etc/UTC",
        read_at=NOW,
        components=components if components is not None else (a_component(1), a_component(2)),
        incidents=incidents,
        maintenances=maintenances,
    )


@pytest.fixture
def snapshot_dir(settings: Any, tmp_path: Path) -> Path:
    settings.SNAPSHOT_DIR = folder = tmp_path / "snapshot"
    return folder


@pytest.fixture
def backend(db: None) -> Domain:
    """Its components have been well for a month, whenever the migrations ran."""
    ComponentInterval.objects.update(started_at=ago(days=30))
    Component.objects.update(created_at=ago(days=30), updated_at=ago(days=30), start_date=ago(days=30).date())
    return Domain.objects.get(slug="backend")


@pytest.fixture
def incident(backend: Domain, responder: User, snapshot_dir: Path) -> Incident:
    return response.declare(
        title="replica db-7 lags", summary="", severity="SEV-2", domain=backend, by=responder, at=ago(minutes=10)
    )


@pytest.fixture
def draft(incident: Incident) -> StatusUpdate:
    """What the portal lays ready by itself, with a promise of the next update."""
    update = actions.draft_first(incident, at=ago(minutes=9))
    assert update is not None
    update.next_update_at = NOW + timedelta(minutes=30)
    update.save()
    return update


@pytest.fixture
def write(incident: Incident, responder: User) -> Callable[..., StatusUpdate]:
    """Save a draft with one thing different."""

    def save(**values: Any) -> StatusUpdate:
        given: dict[str, Any] = {
            "title": "Problem with the API",
            "status": "identified",
            "body": "We have found the cause.",
            "next_update_at": NOW + timedelta(minutes=30),
            "components": {Component.objects.get(name="API").public_id: "partial_outage"},
            "by": responder,
            "at": NOW,
        }
        return actions.save_draft(incident, **(given | values))

    return save
