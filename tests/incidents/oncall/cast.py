"""Rotas as the house makes them, and handles that lead to them."""

from datetime import time, timedelta
from typing import Any

from incidents.oncall import actions, handles
from incidents.oncall.models import Rotation
from opsportal.models import User
from tests.incidents.cast import AT

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def rule(*people: User, **changes: Any) -> actions.Rule:
    """Daily from 08:00 UTC since two weeks; the first of them has the moment of the tests, 03:12 on the 21st."""
    words: dict[str, Any] = {
        "turn": "daily",
        "turn_hours": 24,
        "first_on": (AT - DAY - 14 * DAY * len(people)).date(),
        "handover_at": time(8),
        "time_zone": "UTC",
    }
    return actions.Rule(people=people, **words | changes)


def rota(name: str, *people: User, by: User, handle: str = "", **changes: Any) -> Rotation:
    made = actions.define(name, rule(*people, **changes), by=by, at=AT - 60 * DAY)
    if handle:
        handles.hold(handle, rotation=made, seen=0, by=by)
    return made
