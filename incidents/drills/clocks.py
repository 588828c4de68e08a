"""The six steps on the clocks of every duty, and what is thrown in on the way. Called inside the actions' transactions.

A step is an obligation `drill_step` about DRILL-7:detect. It is met with the moment of the fact itself, so a sweep that
comes late changes no score.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from incidents.alerts import actions as alerts
from incidents.alerts.signals import Signal
from incidents.drills.models import Drill, Inject
from incidents.drills.script import STEPS
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.response import timeline
from incidents.response.models import Incident
from incidents.response.states import Kind, Severity, Status
from opsportal.models import User

STEP = Obligation.Kind.DRILL_STEP


def start(drill: Drill, *, at: datetime) -> None:
    """All six run from the beginning; the flag is up at once."""
    plot = drill.script
    for key in STEPS:
        due_at = at + timedelta(minutes=plot.due[key])
        obligations.owe(STEP, drill.step(key), due_at=due_at, at=at, owner=drill.domain.primary)
    settle(drill, "flag", at)


def advance(drill: Drill, *, at: datetime) -> Drill:
    """Settle every step that is done by now, and let open rooms look again. Safe to run twice."""
    for key, done_at in DONE.items():
        if (moment := done_at(drill)) is not None:
            settle(drill, key, moment)
    drill.version += 1
    drill.save(update_fields=["version"])
    return drill


def settle(drill: Drill, key: str, at: datetime) -> None:
    obligations.meet(STEP, drill.step(key), at=at)


def attach(drill: Drill, incident: Incident, *, at: datetime) -> None:
    """Its alert has opened the room; whoever reads there learns what is played."""
    drill.incident = incident
    drill.save(update_fields=["incident"])
    text = f"{drill.label} {drill.script.title}. {drill.script.situation}"
    timeline.record(
        incident, Kind.DRILL, source=timeline.Source.SYSTEM, at=at, new="began", text=text,
        about=f"drill:{drill.number}",
    )  # fmt: skip


def send_due(drill: Drill, *, at: datetime) -> int:
    """Everything whose time has come, once there is a room to throw it into; how many. None is lost: each is a row.

    The caller holds the alerts of the drill.
    """
    if drill.incident is None:
        return 0
    due = drill.injects.filter(sent_at=None, due_at__lte=at).order_by("due_at", "position")
    return sum(send(drill, one, by=None, at=at) for one in due)


def send(drill: Drill, inject: Inject, *, by: User | None, at: datetime) -> bool:
    """The claim and what follows share the transaction: after a crash it is sent again, or was sent whole.

    The caller holds the alerts of the drill.
    """
    if not Inject.objects.filter(pk=inject.pk, sent_at=None).update(sent_at=at, sent_by=by) or drill.incident is None:
        return False
    source = "" if by else timeline.Source.SYSTEM
    timeline.record(
        drill.incident, Kind.DRILL, by=by, source=source, at=at, new="inject", text=inject.text,
        about=f"drill:{drill.number}",
    )  # fmt: skip
    if inject.is_alert:
        alerts.receive(_signal(drill, inject, at), at=at)
    return True


def _signal(drill: Drill, inject: Inject, at: datetime) -> Signal:
    """By the door that every tool's alert comes in at."""
    return Signal(
        dedup_key=f"drill:{drill.number}:{inject.position}",
        source="drill",
        title=f"DRILL: {inject.text}",
        detail="",
        domain_id=drill.domain_id,
        severity=Severity.SEV3,
        is_firing=True,
        at=at,
        is_drill=True,
    )


def _detected(drill: Drill) -> datetime | None:
    """Somebody has it, and alerting was who told them."""
    return drill.incident.acknowledged_at if drill.incident is not None else None


def _told(drill: Drill, *statuses: str) -> datetime | None:
    """When readers of the preview page had heard all of these."""
    rows = drill.words.filter(status__in=statuses).order_by("published_at", "pk").values_list("status", "published_at")
    first: dict[str, datetime] = {}
    for status, moment in rows:
        first.setdefault(status, moment)
    return max(first.values()) if len(first) == len(statuses) else None


def _recovered(drill: Drill) -> datetime | None:
    told = _told(drill, Status.MONITORING, Status.RESOLVED)
    resolved = drill.incident.resolved_at if drill.incident is not None else None
    return max(told, resolved) if told and resolved else None


DONE: Mapping[str, Callable[[Drill], datetime | None]] = {
    "detect": _detected,
    "publish": lambda drill: _told(drill, Status.INVESTIGATING, Status.IDENTIFIED),
    "mitigate": lambda drill: drill.mitigated_at,
    "recover": _recovered,
}
