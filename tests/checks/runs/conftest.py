"""What tests of results share: batches that are written, and a portal without checks of its own."""

from datetime import datetime
from uuid import uuid4

import pytest

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import Outcome
from checks.runs import actions, blocking
from checks.runs.batch import Result


@pytest.fixture
def quiet(db: None) -> None:
    """The portal's own checks stay out of the way."""
    Check.objects.update(state=State.PAUSED)


def write(results: dict[Check, Outcome | None], at: datetime) -> None:
    """One batch with these results."""
    token = uuid4()
    Check.objects.filter(pk__in=[check.pk for check in results]).update(lease_token=token)
    actions.write(token, [Result(check.pk, outcome) for check, outcome in results.items()], at=at)
    blocking.settle()
    for check in results:
        check.refresh_from_db()
