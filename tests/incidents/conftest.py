"""The cast of this wing."""

import pytest

from incidents.response.models import Incident
from opsportal.models import User
from tests.incidents.cast import open_incident


@pytest.fixture
def incident(responder: User) -> Incident:
    """A SEV-2 of Payments that the responder declared."""
    return open_incident(responder)
