"""Changes of Payments, told by the responder."""

from collections.abc import Callable
from typing import Any

import pytest

from incidents.changes import actions
from incidents.changes.actions import Facts, Teller
from incidents.changes.models import Change
from opsportal.models import User
from tests.incidents.cast import AT, domain

Tell = Callable[..., Change]


@pytest.fixture
def tell(responder: User) -> Tell:
    """Tell of a deploy of Payments that succeeded at the moment; anything of it may be another."""

    def told(**changes: Any) -> Change:
        by, at = changes.pop("by", Teller(responder)), changes.pop("at", AT)
        words: dict[str, Any] = {
            "kind": "deploy",
            "what": "Deploy payments",
            "domain": domain(),
            "artifact": "2026.11.21-1",
        }
        return actions.record(Facts(**words | changes), by=by, at=at)

    return told
