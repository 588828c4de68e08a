"""Who is on call in the story: three rotas over the same few people, a gap ahead, a swap, a handle nobody holds."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from incidents.handovers import actions as handovers
from incidents.handovers.models import HandOver
from incidents.oncall import actions, handles
from incidents.oncall.actions import Rule, Turn
from incidents.oncall.models import Rotation
from incidents.ownership import actions as ownership
from opsportal.models import User

_SINCE = timedelta(days=84)
_HOLDERS = {
    "@sre-lead": "admin",
    "@be-lead": "publisher",
    "@fe-lead": "responder",
    "@payments-lead": "publisher",
    "@payments-oncall": "admin",
    "@support-manager": "publisher",
}

_PLACES = (
    ("logs", "Loki, prod/*", "logs", "Application logs in Datadog, service:core-*"),
    ("metrics", "Service Overview", "grafana", "DB/Prod, Redis/Cache and CDN Health beside it"),
    ("traces", "Tempo, env:prod", "traces", "Filter by trace.flow_id for disputes and payments"),
)


@dataclass(frozen=True)
class DemoRota:
    """A rota of the story, by the roles of its people; `handle` leads to it."""

    name: str
    handle: str
    people: tuple[str, ...]
    turn: str
    handover_at: time
    time_zone: str = "UTC"
    days: str = "1111111"
    hours: tuple[time, time] | None = None


_ROTAS = (
    DemoRota("Primary", "@sre-oncall", ("responder", "publisher", "admin"), Turn.DAILY, time(8)),
    DemoRota("Secondary", "@be-oncall", ("admin", "responder"), Turn.WEEKLY, time(9), "Europe/Berlin"),
    DemoRota(
        "Frontend, days", "@fe-oncall", ("publisher",), Turn.WEEKLY, time(8), days="1111100", hours=(time(8), time(20))
    ),
)


def load(cast: dict[str, User], at: datetime) -> None:
    """Rotas since twelve weeks, somebody who swapped last week, and two days nobody has covered yet."""
    admin, begun = cast["admin"], at - _SINCE
    monday = (begun - timedelta(days=begun.weekday())).date()
    rotas = [_make(one, cast, monday, begun) for one in _ROTAS]
    for handle, role in _HOLDERS.items():
        handles.hold(handle, person=cast[role], seen=0, by=admin)
    _swap(rotas[0], cast, at)
    yesterday = at.replace(hour=8, minute=5, second=0, microsecond=0) - timedelta(days=1)
    handovers.sweep(at=yesterday)
    for one in HandOver.objects.order_by("pk"):
        if one.giver is not None:
            handovers.add_word(one, word="Watch the export queue; next step is a second worker.", by=one.giver)
        handovers.take(one, by=one.receiver, at=yesterday + timedelta(minutes=7))
    for kind, name, host, note in _PLACES:
        ownership.add_place(ownership.Spot(kind, None, name, f"https://{host}.harbour.example/", note), by=admin)


def _make(one: DemoRota, cast: dict[str, User], monday: date, at: datetime) -> Rotation:
    rule = Rule(
        people=tuple(cast[role] for role in one.people),
        turn=one.turn,
        turn_hours=24,
        first_on=monday,
        handover_at=one.handover_at,
        time_zone=one.time_zone,
        days=one.days,
        hours=one.hours,
    )
    made = actions.define(one.name, rule, by=cast["admin"], at=at)
    handles.hold(one.handle, rotation=made, seen=0, by=cast["admin"])
    return made


def _swap(primary: Rotation, cast: dict[str, User], at: datetime) -> None:
    morning = at.replace(hour=8, minute=0, second=0, microsecond=0)
    actions.stand_in(
        primary, cast["admin"], starts_at=at, ends_at=at + timedelta(hours=6),
        reason="Swapped for a parents' evening.", by=cast["responder"], at=at,
    )  # fmt: skip
    gap = morning + timedelta(days=4)
    actions.be_away(
        primary, starts_at=gap, ends_at=gap + timedelta(days=1), reason="On leave; somebody please cover.",
        by=cast["publisher"], at=at - timedelta(days=1),
    )  # fmt: skip
