"""What tests of this wing say again and again: a moment, an incident, news of a check."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.alerts.actions import receive
from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from incidents.ownership.models import Domain
from incidents.response import actions
from incidents.response.models import Incident
from opsportal.models import User

AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
# The kinds of events that a person's declaration writes: the incident, and who leads it.
OPENING = ["incident.declared", "role"]
SECRET = "postgresql://app:hunter2hunter2@db.internal/orders"


def minutes(number: float) -> datetime:
    """That many minutes after the moment."""
    return AT + timedelta(minutes=number)


def domain(slug: str = "payments") -> Domain:
    """One of the five domains."""
    return Domain.objects.get(slug=slug)


def open_incident(by: User, **changes: Any) -> Incident:
    """A SEV-2 of Payments, declared at the moment."""
    words: dict[str, Any] = {
        "title": "EU card payments failing",
        "summary": "71.4 % of 1,310 captured, floor 97 %",
        "severity": "SEV-2",
        "domain": domain(),
        "at": AT,
    }
    return actions.declare(**words | changes, by=by)


def news(**changes: Any) -> Signal:
    """A check that began to fail at the moment."""
    words: dict[str, Any] = {
        "dedup_key": "check:api",
        "source": "check",
        "title": "API does not answer",
        "detail": "3 of 3 runs failed, threshold 3",
        "domain_id": domain("backend").pk,
        "severity": "SEV-2",
        "is_firing": True,
        "at": AT,
    }
    return Signal(**words | changes)


def fire(**changes: Any) -> Alert:
    """The alert that such news makes."""
    alert = receive(news(**changes))
    assert alert is not None
    return alert


def cost(client: Client, path: str) -> int:
    """Queries of a page itself: without the session, the person and the numbers of the frame around it."""

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    return queries(path) - queries("/more/")
