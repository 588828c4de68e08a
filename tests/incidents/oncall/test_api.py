"""Ownership and on-call as programs read them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.oncall import actions
from incidents.ownership import actions as ownership
from opsportal.tokens import actions as tokens
from tests.incidents.cast import AT
from tests.incidents.oncall.cast import DAY, HOUR, rota

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(viewer):
    words: dict[str, Any] = {"name": "reader", "scopes": ["ownership:read"], "lifetime": timedelta(days=1)}
    text = tokens.issue(viewer, **words, by="cast", at=timezone.now()).text

    def get(path: str, **query: str) -> Any:
        return Client().get(f"/api/v1{path}", query, headers={"Authorization": f"Bearer {text}"})

    return get


def test_a_program_reads_who_is_on_call_at_a_moment(ask, admin, responder, publisher):
    made = rota("Primary", responder, publisher, by=admin, handle="@payments-lead")
    actions.stand_in(made, admin, starts_at=AT + HOUR, ends_at=AT + 2 * HOUR, reason="Swap", by=admin, at=AT)

    house, *domains = ask("/oncall", at=AT.isoformat()).json()
    payments = next(one for one in domains if one["domain"] == "payments")

    assert (house["domain"], house["name"], house["first"]["person"]) == (None, "All domains", None)
    assert (payments["first"]["person"], payments["first"]["how"], payments["first"]["rota"]) == (
        *("responder", "shift", "primary"),
    )
    assert payments["first"]["until"] == "2026-11-21T04:12:00Z"
    assert payments["backup"]["how"] == "unheld"
    assert payments["is_weak"] is True
    later = ask("/oncall/handles/payments-lead", at=(AT + HOUR).isoformat()).json()
    assert (later["person"], later["how"], later["why"]) == ("admin", "override", "stands in on Primary: Swap")


def test_a_program_reads_final_shifts_and_gaps(ask, admin, responder, publisher):
    made = rota("Primary", responder, publisher, by=admin)
    actions.be_away(made, starts_at=AT + HOUR, ends_at=AT + 2 * HOUR, reason="Away", by=admin, at=AT)

    found = ask("/oncall/rotas/primary/shifts", since=AT.isoformat(), until=(AT + 6 * HOUR).isoformat()).json()

    assert ask("/oncall/rotas").json() == [{"slug": "primary", "name": "Primary"}]
    assert [(one["person"], one["by"]) for one in found] == [
        ("responder", "turn"),
        (None, "override"),
        ("responder", "turn"),
        ("publisher", "turn"),
    ]


@pytest.mark.parametrize("span", [DAY * 94, -DAY, timedelta(0)])
def test_a_span_that_makes_no_sense_is_refused(ask, admin, span):
    rota("Primary", admin, by=admin)

    answer = ask("/oncall/rotas/primary/shifts", since=AT.isoformat(), until=(AT + span).isoformat())

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "SPAN_WRONG")
    assert ask("/oncall/rotas/none/shifts").json()["error"]["code"] == "ROTA_UNKNOWN"


def test_a_program_reads_the_matrix(ask, admin):
    ownership.add_place(ownership.Spot("logs", None, "Loki", "https://logs.example/"), by=admin)

    found = ask("/ownership").json()

    assert [one["slug"] for one in found["domains"]][3] == "payments"
    assert found["domains"][3]["primary"] == "@payments-lead"
    assert [one["name"] for one in found["places"]] == ["Loki"]
    assert len(found["contacts"]) == 4
