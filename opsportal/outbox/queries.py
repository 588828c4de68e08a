"""Reads of the outbox: what waits, for how long, and how it went."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Func, Min, Q
from django.db.models.functions import Now

from opsportal.outbox import circuit, explain, ways
from opsportal.outbox.models import READERS, Channel, Delivery, Destination, Route

WAITING, DEAD, SENT = Delivery.State.WAITING, Delivery.State.DEAD, Delivery.State.SENT


class _Seconds(Func):
    """An interval as seconds."""

    template = "EXTRACT(epoch FROM %(expressions)s)"
    output_field = FloatField()


class _P95(Aggregate):
    """The value that one in twenty exceeds."""

    template = "percentile_cont(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Queue:
    """One row of the queues-and-retries matrix: one way out."""

    name: str
    title: str
    note: str
    is_set: bool
    way: circuit.Way
    waiting: int = 0
    second: int = 0
    third: int = 0
    later: int = 0
    sent: int = 0
    dead: int = 0
    oldest: datetime | None = None
    p95_seconds: float | None = None
    destination: Destination | None = None

    @property
    def is_for_readers(self) -> bool:
        return self.name.startswith(READERS)

    @property
    def is_retrying(self) -> bool:
        return bool(self.second or self.third or self.later)


@dataclass(frozen=True)
class Line:
    """One message as the screen tells it; to whoever may not know what it is about, that there is one."""

    delivery: Delivery
    subject: str
    why: str
    how: str


def oldest_due_seconds() -> float | None:
    """Age of the oldest delivery that should have left by now, in seconds; 0 when none waits.

    What an open circuit or a spent budget holds back is not late: there the receiver is the trouble, not the queue.
    """
    closed = Route.objects.filter(open_until__isnull=False).values("name")
    late = Delivery.objects.waiting().filter(due_at__lte=Now()).exclude(route__in=closed)
    row = late.aggregate(oldest=Now() - Min("due_at"))
    return row["oldest"].total_seconds() if row["oldest"] else 0.0


def kept_by_state() -> dict[str, float]:
    """How many messages wait for their turn, and how many were given up."""
    wanted = Delivery.objects.filter(state__in=[WAITING, DEAD]).order_by()
    found = dict(wanted.values_list("state").annotate(number=Count("pk")))
    return {state.value: float(found.get(state.value, 0)) for state in (WAITING, DEAD)}


def queues(at: datetime) -> list[Queue]:
    """Each way out with what waits for its first try, what is tried again, what left and what was given up."""
    figures = {row["route"]: row for row in _figures(at)}
    routes = {route.name: route for route in Route.objects.all()}
    destinations = {one.route_name: one for one in Destination.objects.exclude(channel=Channel.EMAIL)}
    is_set = ways.of_environment()
    names = [*is_set, *(name for name in [*destinations, *routes, *figures] if name not in is_set)]
    return [
        _queue(name, figures.get(name, {}), routes.get(name), destinations.get(name), is_set.get(name, True))
        for name in dict.fromkeys(names)
    ]


def _figures(at: datetime) -> Iterable[Mapping[str, Any]]:
    hour = Q(state=SENT, sent_at__gte=at - timedelta(hours=1))
    return (
        Delivery.objects.values("route")
        .annotate(
            waiting=Count("pk", filter=Q(state=WAITING, attempts=0)),
            second=Count("pk", filter=Q(state=WAITING, attempts=1)),
            third=Count("pk", filter=Q(state=WAITING, attempts=2)),
            later=Count("pk", filter=Q(state=WAITING, attempts__gte=3)),
            sent=Count("pk", filter=Q(state=SENT)),
            dead=Count("pk", filter=Q(state=DEAD)),
            oldest=Min("created_at", filter=Q(state=WAITING)),
            p95_seconds=_P95(_Seconds(F("sent_at") - F("created_at")), filter=hour),
        )
        .order_by("route")
    )


def _queue(
    name: str, figures: Mapping[str, Any], route: Route | None, destination: Destination | None, is_set: bool
) -> Queue:
    return Queue(
        name=name,
        title=destination.name if destination else ways.title(name),
        note=destination.get_channel_display() if destination else name,
        is_set=destination.is_active if destination else is_set,
        way=route.read() if route else circuit.Way(),
        destination=destination,
        **{key: value for key, value in figures.items() if key != "route"},
    )


def lines(deliveries: Iterable[Delivery], *, at: datetime, with_words: bool = True) -> list[Line]:
    """Messages with their reasons; one query for all ways. Words name incidents, also hidden ones, and people."""
    known = {route.name: route.read() for route in Route.objects.all()}
    return [
        Line(
            one,
            one.subject if with_words else "Message",
            explain.why(one) if with_words else "",
            explain.how(one, known.get(one.route, circuit.Way()), at=at),
        )
        for one in deliveries
    ]


def newest(*, state: str, route: str, limit: int, with_readers: bool = True) -> list[Delivery]:
    """The newest messages of a state and of a way, either may be empty for all."""
    rows = Delivery.objects.order_by("-created_at", "-pk").select_related("to")
    if not with_readers:
        rows = rows.for_operators()
    if state:
        rows = rows.filter(state=state)
    if route:
        rows = rows.filter(route=route)
    return list(rows[:limit])


def dead_count(*, with_readers: bool = True) -> int:
    """How many were given up."""
    dead = Delivery.objects.dead()
    return (dead if with_readers else dead.for_operators()).count()
