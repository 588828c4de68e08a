"""A drill on its way: begun at the moment, detected by the real check through the real door."""

from datetime import datetime

from checks.catalogue.models import Check
from checks.runs import actions as runs
from checks.runs.models import Flip
from incidents.drills import actions, ending
from incidents.drills.models import Drill, Scenario
from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.response.states import Status
from opsportal.models import User
from tests.incidents.cast import AT, minutes


def begin(by: User | None, *, slug: str = "ingest-outage", at: datetime = AT) -> Drill:
    """The ingest outage, begun at the moment."""
    return actions.start(Scenario.objects.get(slug=slug), by=by, at=at)


def flip(to: str, *, at: datetime, reason: str = "status_5xx") -> None:
    """The check of drills has changed its state, and the change is delivered."""
    check = Check.objects.get(kind="drill")
    old = "healthy" if to == "unhealthy" else "unhealthy"
    made = Flip.objects.create(check_ref=check, at=at, old=old, new=to, reason=reason, failures=3)
    runs.deliver_flip(made.pk, at=at)


def detected(by: User, *, at: datetime = AT) -> Drill:
    """Begun, and two minutes later its alert has opened the room."""
    drill = begin(by, at=at)
    flip("unhealthy", at=at + (minutes(2) - AT))
    ending.keep(at=at + (minutes(2) - AT))
    return Drill.objects.select_related("incident").get(pk=drill.pk)


def room_of(drill: Drill) -> Incident:
    drill.refresh_from_db()
    assert drill.incident is not None
    return Incident.objects.get(pk=drill.incident.pk)


def tell(drill: Drill, status: str, by: User, *, at: datetime, next_minutes: int = 30) -> None:
    actions.publish(
        drill, status=status, body=f"We tell readers: {status}.", by=by, at=at,
        next_update_at=None if status == Status.RESOLVED else at + (minutes(next_minutes) - AT),
    )  # fmt: skip


def play(drill: Drill, by: User) -> Drill:
    """All of it within the targets, to the last step."""
    response.acknowledge(room_of(drill), by=by, at=minutes(3))
    tell(drill, Status.INVESTIGATING, by, at=minutes(8))
    tell(drill, Status.IDENTIFIED, by, at=minutes(20))
    actions.mitigate(drill, by=by, at=minutes(22))
    flip("healthy", at=minutes(23))
    tell(drill, Status.MONITORING, by, at=minutes(25))
    response.change_status(room_of(drill), to=Status.RESOLVED, by=by, at=minutes(40))
    tell(drill, Status.RESOLVED, by, at=minutes(41))
    return actions.finish(drill, lessons="The rollback was found in two minutes.", by=by, at=minutes(50))
