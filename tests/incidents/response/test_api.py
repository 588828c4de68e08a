"""Incidents as programs read them."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from django.test import Client
from django.utils import timezone

from incidents.response import actions
from incidents.response.api_schemas import EventOut, ImpactOut, IncidentOut, RoleOut
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import IncidentRole, Severity, Status
from opsportal.models import User
from opsportal.tokens import actions as tokens
from tests.incidents.cast import AT, domain, minutes, open_incident

pytestmark = pytest.mark.django_db
LIST = "/api/v1/incidents"


@pytest.fixture
def ask(viewer: User):
    """Ask as a program that may read incidents; the answer as JSON."""
    at = timezone.now()
    words: dict[str, Any] = {"name": "script", "scopes": ["incidents:read"], "lifetime": timedelta(days=1)}
    text = tokens.issue(viewer, **words, by="cast", at=at).text

    def get(path: str, **query: str) -> Any:
        return Client().get(path, query, headers={"Authorization": f"Bearer {text}"}).json()

    return get


def test_an_incident_is_told_as_it_stands(ask, responder):
    incident = open_incident(responder)

    told = ask(f"{LIST}/{incident.number}")

    assert told["label"] == incident.label
    assert (told["severity"], told["status"], told["domain"]) == ("SEV-2", "investigating", "payments")
    assert (told["declared_by"], told["acknowledged_by"], told["resolved_at"]) == ("responder", None, None)
    assert told["title"] == "EU card payments failing"
    assert told["declared_at"] == "2026-11-21T03:12:00Z"


def test_the_list_is_newest_first_and_narrowed_by_its_words(ask, responder):
    first = open_incident(responder)
    second = open_incident(responder, severity="SEV-1", domain=domain("backend"))
    actions.change_status(first, to=Status.RESOLVED, by=responder, at=minutes(5), note="over")

    def numbers(**query: str) -> list[int]:
        return [one["number"] for one in ask(LIST, **query)["items"]]

    assert numbers() == [second.number, first.number]
    assert numbers(status="open") == [second.number]
    assert numbers(status="resolved") == [first.number]
    assert numbers(severity="SEV-1") == [second.number]
    assert numbers(domain="payments") == [first.number]


def test_pages_hold_every_incident_once_while_others_open(ask, responder):
    wanted = [open_incident(responder).number for _ in range(5)]

    page = ask(LIST, limit="2")
    numbers = [one["number"] for one in page["items"]]
    while page["next"]:
        open_incident(responder)
        page = ask(LIST, limit="2", cursor=page["next"])
        numbers += [one["number"] for one in page["items"]]

    assert numbers == sorted(wanted, reverse=True)


def test_a_cursor_belongs_to_its_filters(ask, responder):
    for _ in range(2):
        open_incident(responder)

    cursor = ask(LIST, limit="1")["next"]

    assert ask(LIST, limit="1", cursor=cursor, severity="SEV-2")["error"]["code"] == "INVALID_CURSOR"


def test_what_the_host_opened_is_told_like_any_other(ask):
    incident = actions.open_from_host(title="Cards fail", severity="SEV-2", domain=domain(), at=AT)

    assert [one["source"] for one in ask(LIST)["items"]] == ["host"]
    assert ask(f"{LIST}/{incident.number}")["source"] == "host"
    assert [one["source"] for one in ask(f"{LIST}/{incident.number}/timeline")["items"]] == ["host"]


@pytest.mark.parametrize(
    ("shape", "field", "choices"),
    [
        (IncidentOut, "severity", Severity),
        (IncidentOut, "status", Status),
        (IncidentOut, "nature", Incident.Nature),
        (IncidentOut, "mode", Incident.Mode),
        (IncidentOut, "source", Incident.Source),
        (EventOut, "source", TimelineEvent.Source),
        (RoleOut, "role", IncidentRole),
        (ImpactOut, "share", Incident.Share),
    ],
)
def test_a_word_that_a_row_may_hold_is_a_word_of_the_api(shape, field, choices):
    assert set(get_args(shape.model_fields[field].annotation)) == set(choices.values)


def test_the_list_costs_the_same_however_long(ask, responder, django_assert_num_queries):
    for _ in range(4):
        open_incident(responder)
    ask(LIST)

    with django_assert_num_queries(5):  # token, count, page, roles, areas
        ask(LIST)
