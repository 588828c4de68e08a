"""Drills of the demo, three that were played, and the duties of the last four weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.catalogue.models import Check
from checks.runs import actions as runs
from checks.runs.models import Flip
from incidents.drills import actions, ending
from incidents.drills.models import Drill, Scenario
from incidents.duties import actions as duties
from incidents.duties.models import Duty
from incidents.follow_ups import actions as follow_ups
from incidents.follow_ups.states import Type
from incidents.response import actions as response
from incidents.response.models import Incident
from incidents.response.states import Status
from opsportal.models import User

_WEEKS = 4
_MISSED, _LATE = 9, 12  # days back on which the daily checks were missed, and done late
_RESTORED = 15
_WORDS = {
    Status.INVESTIGATING: "Some events are taken in late. We look for the cause and write again soon.",
    Status.IDENTIFIED: "We have found the cause and are taking back the last change.",
    Status.MONITORING: "Events are taken in again. We watch it for a while.",
    Status.RESOLVED: "Everything works again. No events were lost.",
}


@dataclass(frozen=True)
class DemoDrill:
    """When it was played, and after how many minutes each thing was done."""

    days: int
    slug: str
    acknowledged: int
    told: Mapping[str, int]
    mitigated: int
    resolved: int
    lessons: str
    finding: str = ""

    def begins(self, at: datetime) -> datetime:
        return (at - timedelta(days=self.days)).replace(hour=10, minute=0, second=0, microsecond=0)


DRILLS = (
    DemoDrill(
        days=76, slug="ingest-outage", acknowledged=9,
        told={Status.INVESTIGATING: 24, Status.IDENTIFIED: 48, Status.MONITORING: 66, Status.RESOLVED: 82},
        mitigated=58, resolved=80,
        lessons="Nobody knew who writes the public words. The rollback took three tries.",
        finding="Communications has a backup in the rota",
    ),
    DemoDrill(
        days=47, slug="database-lost", acknowledged=4,
        told={Status.INVESTIGATING: 13, Status.IDENTIFIED: 34, Status.MONITORING: 55, Status.RESOLVED: 96},
        mitigated=52, resolved=95,
        lessons="The replica was promoted in time. The backup's key was found late.",
        finding="The runbook says where the backup's key lies",
    ),
    DemoDrill(
        days=18, slug="ingest-outage", acknowledged=3,
        told={Status.INVESTIGATING: 9, Status.IDENTIFIED: 25, Status.MONITORING: 31, Status.RESOLVED: 52},
        mitigated=28, resolved=50,
        lessons="Everybody knew their part. The second word had to be written twice.",
    ),
)  # fmt: skip


def play(one: DemoDrill, cast: Mapping[str, User], at: datetime) -> None:
    """From its flag to its lessons, through the house's own actions."""
    start, by = one.begins(at), cast["responder"]

    def minute(number: float) -> datetime:
        return start + timedelta(minutes=number)

    drill = actions.start(Scenario.objects.get(slug=one.slug), by=cast["admin"], at=start)
    _flip("unhealthy", drill.flag, at=minute(1.5))
    ending.keep(at=minute(1.6))
    response.acknowledge(_room(drill), by=by, at=minute(one.acknowledged))
    for number in range(2, one.resolved + 3):
        now = minute(number)
        ending.keep(at=now)
        for status, told_at in one.told.items():
            if told_at == number:
                promised = None if status == Status.RESOLVED else now + timedelta(minutes=30)
                actions.publish(
                    drill, status=status, body=_WORDS[Status(status)], next_update_at=promised, by=by, at=now
                )
        if number == one.mitigated:
            actions.mitigate(drill, by=by, at=now)
            _flip("healthy", "", at=now + timedelta(seconds=30))
        if number == one.resolved:
            response.change_status(_room(drill), to=Status.RESOLVED, by=by, at=now)
    if one.finding:
        plan = follow_ups.Plan(one.finding, Type.PREVENTATIVE, "@sre-lead", (at + timedelta(days=9)).date())
        follow_ups.add(_room(drill), plan, by=by, at=minute(one.resolved + 5))
    actions.finish(drill, lessons=one.lessons, by=by, at=minute(one.resolved + 10))


def _room(drill: Drill) -> Incident:
    return Incident.objects.get(drill=drill)


def _flip(to: str, reason: str, *, at: datetime) -> None:
    check = Check.objects.get(kind="drill")
    old = "healthy" if to == "unhealthy" else "unhealthy"
    made = Flip.objects.create(check_ref=check, at=at, old=old, new=to, reason=reason, failures=3)
    runs.deliver_flip(made.pk, at=at)


def hold_duties(by: User, at: datetime) -> None:
    """Four weeks in which most was done in time, one morning was missed and one was late."""
    evidence = Duty.Evidence
    Duty.objects.update(since=at - timedelta(weeks=_WEEKS))
    for days in range(7 * _WEEKS, -1, -1):
        morning = (at - timedelta(days=days)).replace(hour=8, minute=40, second=0, microsecond=0)
        if morning > at:
            break
        duties.keep(at=morning)
        done_at = morning + timedelta(hours=3) if days == _LATE else morning
        if days != _MISSED and done_at <= at:
            duties.meet(evidence.SHEET, "", said=f"The daily sheet of {morning.date()} is signed", at=done_at, by=by)
        if morning.weekday() == 2 and days:
            duties.meet(evidence.OPERATION, "prod_verify", said="prod_verify status=ok mode=verify", at=morning)
        if days == _RESTORED:
            duties.meet(evidence.OPERATION, "backup_verify", said="backup_verify status=ok", at=morning)
        if days == DRILLS[-1].days:
            duties.meet(evidence.DRILL, "", said="DRILL-3, played to its end", at=morning + timedelta(hours=2), by=by)
    duties.keep(at=at)
