"""A drill through the real pipeline: its flag is read before a batch, the check fails, the alert opens the room."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.timezone import now

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.runs.models import Flip
from checks.runs.tasks import deliver_flip
from checks.scheduler import actions as scheduler
from checks.scheduler import loop
from checks.scheduler.claim import database_now
from incidents.alerts.models import Alert
from incidents.drills import actions, ending
from incidents.drills.models import Drill, Scenario
from opsportal.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def flag() -> Iterator[Check]:
    """The check of drills; no other is due."""
    Check.objects.exclude(kind="drill").update(state=State.PAUSED)
    yield Check.objects.get(kind="drill")
    loop.close()


def run(check: Check, times: int) -> str:
    """So many slots of it come, each claimed, run and written as a worker does; its state after them.

    The clock of a claim is the database's, which stands still within a test.
    """
    for _ in range(times):
        Check.objects.filter(pk=check.pk).update(next_due=database_now() - timedelta(seconds=1))
        assert scheduler.tick() == 1
    check.refresh_from_db()
    return check.state


def deliver() -> Flip:
    """What the worker is woken for when the check changed its state."""
    flip = Flip.objects.undelivered().get()
    deliver_flip(flip_id=flip.pk)
    return flip


def test_a_drill_is_detected_by_its_check_opens_its_room_and_is_well_once_mitigated(flag: Check, responder: User):
    assert run(flag, flag.ok_after) == State.HEALTHY
    Flip.objects.all().delete()
    begun = database_now() - timedelta(minutes=2)
    drill = actions.start(Scenario.objects.get(slug="ingest-outage"), by=responder, at=begun)

    assert run(flag, flag.fail_after - 1) == State.HEALTHY
    assert flag.last_error == drill.flag == "status_5xx"
    assert run(flag, 1) == State.UNHEALTHY
    assert deliver().reason == "status_5xx"
    ending.keep(at=now())

    drill = Drill.objects.select_related("incident").get(pk=drill.pk)
    room, alert = drill.incident, Alert.objects.get(is_drill=True)
    assert room is not None
    assert (room.mode, room.domain.slug, alert.incident, alert.resolved_at) == ("drill", "backend", room, None)
    assert room.title.startswith("DRILL: ")

    actions.mitigate(drill, by=responder, at=now())

    assert run(flag, flag.ok_after - 1) == State.UNHEALTHY
    assert run(flag, 1) == State.HEALTHY
    assert deliver().new == State.HEALTHY
    alert.refresh_from_db()
    assert alert.resolved_at is not None
    drill.refresh_from_db()
    assert drill.is_running, "what it teaches is written down by a person"
