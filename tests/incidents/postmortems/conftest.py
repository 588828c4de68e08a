"""An incident that is over, its report, and a report with everything written."""

from typing import Any

import pytest

from incidents.postmortems import actions
from incidents.postmortems.models import Postmortem
from incidents.response import actions as response
from incidents.response.models import Incident
from opsportal.models import User
from tests.incidents.cast import minutes, open_incident

TEXTS = {
    "summary": "Every second checkout failed for 44 minutes.",
    "root_cause": "A certificate expired and the renewal job did not say so.",
    "mitigation": "Renewed by hand, gateway reloaded.",
    "prevention": "The check looks at the edge.",
}


def over(by: User, **changes: Any) -> Incident:
    """A SEV-1 from its declaration to its end 44 minutes later."""
    incident = open_incident(by, **{"severity": "SEV-1"} | changes)
    response.post_note(incident, text="Looking at the gateway", by=by, at=minutes(4))
    response.change_status(incident, to="identified", note="The certificate expired.", by=by, at=minutes(10))
    response.change_status(incident, to="monitoring", note="Certificate renewed by hand.", by=by, at=minutes(40))
    response.change_status(incident, to="resolved", note="Checkout is well.", by=by, at=minutes(44))
    incident.refresh_from_db()
    return incident


def written(incident: Incident, by: User, **changes: str) -> Postmortem:
    """Its report with every required field written by somebody."""
    postmortem = actions.draft(incident, at=minutes(45))
    assert postmortem is not None
    return actions.save(postmortem, TEXTS | changes, seen=postmortem.marks, by=by, at=minutes(50)).postmortem


@pytest.fixture
def ended(responder: User) -> Incident:
    return over(responder)


@pytest.fixture
def report(ended: Incident, responder: User) -> Postmortem:
    """Written by the responder, still a draft."""
    return written(ended, responder)
