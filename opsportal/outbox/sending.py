"""Send what is due: lease a row, hand it over, mark it. A slow receiver holds up nobody but itself."""

import random
import time
import uuid
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F, Min, Q
from django.utils import timezone

from opsportal import background
from opsportal.errors import Refused
from opsportal.outbox import channels, circuit, letter, recipients
from opsportal.outbox.channels.answer import Answer
from opsportal.outbox.models import MAIL_ROUTE, Channel, Delivery, Destination, Route

log = structlog.get_logger("opsportal.outbox")

# Longer than any try takes: a living worker never loses a row to another.
LEASE = timedelta(seconds=60)
AT_ONCE = 24
AT_ONCE_ON_ONE_WAY = 4
# Whoever reads a mail twice is not helped by its Message-ID: few are on their way when a worker is lost.
_MAILS_AT_ONCE = 2
# A task ends after 45 s; what is left is for the next one.
_CLAIMS_FOR_SECONDS = 20.0


def deliver_due() -> None:
    """Send everything that is due, people's words first. Safe to run twice and from many workers at once.

    A way on which something fails that is no answer gets nothing more from this run. What is on its way meanwhile is
    still marked, or it would go twice; what failed first is raised at the end.
    """
    _expire(timezone.now())
    limit = time.monotonic() + _CLAIMS_FOR_SECONDS
    flying: dict[Future[Answer], Delivery] = {}
    broken: dict[str, Exception] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox") as pool:
        while True:
            if time.monotonic() < limit:
                for delivery in _claim_some(flying, broken, at=timezone.now()):
                    flying[pool.submit(_carry, delivery)] = delivery
            if not flying:
                break
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                delivery = flying.pop(future)
                try:
                    _mark(delivery, future.result(), at=timezone.now())
                except Exception as problem:  # noqa: BLE001 - it rises after the others were marked
                    broken.setdefault(delivery.route, problem)
    if time.monotonic() >= limit:
        background.wake("opsportal.deliver_due")
    if broken:
        raise next(iter(broken.values()))


def _claim_some(
    flying: dict[Future[Answer], Delivery], broken: dict[str, Exception], *, at: datetime
) -> list[Delivery]:
    """Leases for as many as there is room: no way holds more than its share, that with the fewest comes first."""
    free = AT_ONCE - len(flying)
    on_way = Counter(delivery.route for delivery in flying.values())
    try:
        work = _ways_with_work(at) if free else {}
    except DatabaseError as problem:
        broken.setdefault("", problem)
        return []
    found = {name: first for name, first in work.items() if name not in broken}
    share = min(AT_ONCE_ON_ONE_WAY, max(1, AT_ONCE // len(found.keys() | on_way.keys()))) if found else 0
    claimed: list[Delivery] = []
    for name in sorted(found, key=lambda name: (on_way[name], found[name], random.random())):  # noqa: S311 - a draw
        most = min(share, _MAILS_AT_ONCE) if name == MAIL_ROUTE else share
        room = min(most - on_way[name], free - len(claimed))
        if room > 0 and on_way[name] <= most // 2:  # some at once: a claim of one row costs as much as one of four
            try:
                claimed += _claim(name, room, on_way[name], at=at)
            except Exception as problem:  # noqa: BLE001 - it rises after the others were sent and marked
                broken.setdefault(name, problem)
    return claimed


def _ways_with_work(at: datetime) -> dict[str, int]:
    """Ways by which something could leave now, and how urgent the first of it is."""
    waiting = Delivery.objects.due(at).order_by().values_list("route").annotate(first=Min("priority"))
    known = {route.name: route.read() for route in Route.objects.all()}
    return {
        name: first
        for name, first in waiting
        if circuit.admit(known.get(name, circuit.Way()), at=at, is_written=first == Delivery.Priority.WRITTEN)
    }


@transaction.atomic
def _claim(name: str, room: int, under_way: int, *, at: datetime) -> list[Delivery]:
    """Take a few due rows for a minute, as circuit and budget allow; committed before anything is sent."""
    route = Route.objects.select_for_update().filter(name=name).first()
    if route is None:
        Route.objects.get_or_create(name=name)
        route = Route.objects.select_for_update().get(name=name)
    way, claimed = route.read(), []
    if way.failures:
        room = min(room, 1 - under_way)  # in trouble: it holds one hand, and not four
    due = Delivery.objects.due(at).filter(route=name).in_turn().select_related("to").order_by("priority", "due_at")
    for row in due.select_for_update(of=("self",), skip_locked=True)[: max(0, room)]:
        admitted = circuit.admit(way, at=at, is_written=row.priority == Delivery.Priority.WRITTEN)
        if admitted is None:
            break
        way = admitted
        claimed.append(row)
    if claimed:
        route.write(way)
        _lease(claimed, at=at)
        recipients.find(claimed)
    return claimed


def _lease(rows: list[Delivery], *, at: datetime) -> None:
    token = uuid.uuid4()
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        lease_until=at + LEASE, lease_token=token, attempts=F("attempts") + 1
    )
    for row in rows:
        row.attempts, row.lease_token = row.attempts + 1, token
        row.receipt = _last_receipt(row)


def _last_receipt(row: Delivery) -> str:
    """What the receiver calls the thing that earlier messages of the event were about."""
    if row.channel != Delivery.Channel.GITHUB:
        return ""
    earlier = Delivery.objects.filter(event=row.event, route=row.route).exclude(receipt="")
    return earlier.order_by("-sent_at").values_list("receipt", flat=True).first() or ""


def _carry(delivery: Delivery) -> Answer:
    """Runs in a thread and touches no row."""
    try:
        return channels.send(letter.write(delivery))
    except Refused as refusal:
        words = {"WRONG_KEY": "sealed", "GONE": recipients.gone(delivery)}
        return Answer(words.get(refusal.code, "not_configured"))


@transaction.atomic
def _mark(delivery: Delivery, answer: Answer, *, at: datetime) -> None:
    """Write down how it went. What was taken counts as sent even when the lease was lost meanwhile."""
    route = Route.objects.select_for_update().get(name=delivery.route)
    mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING)
    if not answer.error:
        mine.update(
            state=Delivery.State.SENT, sent_at=at, lease_until=None, lease_token=None, last_error="",
            receipt=answer.receipt[:64],
        )  # fmt: skip
        route.write(circuit.succeeded(route.read(), at=at))
        recipients.took(delivery, at=at)
        return
    log.warning("delivery failed", channel=delivery.channel, error=answer.error, attempts=delivery.attempts)
    given_up = answer.is_final or at > delivery.gives_up_at
    mine.filter(lease_token=delivery.lease_token).update(
        state=Delivery.State.DEAD if given_up else Delivery.State.WAITING,
        due_at=at + max(backoff(delivery.attempts), answer.wait or timedelta()),
        lease_until=None,
        lease_token=None,
        last_error=answer.error,
        failed_at=at,
    )
    if given_up:
        recipients.gave_up(delivery, error=answer.error, at=at)
    if not _is_a_readers_own(delivery):
        route.write(circuit.failed(route.read(), error=answer.error, at=at, asked_to_wait=answer.wait))
    if answer.error == "gone" and delivery.to is not None:
        Destination.objects.filter(pk=delivery.to.pk).update(is_active=False)
        _give_up(Q(to=delivery.to.pk), "gone", at=at)


def _is_a_readers_own(delivery: Delivery) -> bool:
    """Each reader's web address is a way of its own: one that is broken must not shut out the others."""
    return bool(delivery.recipient) and delivery.channel != Channel.EMAIL


def _expire(at: datetime) -> None:
    """Give up what was tried for its whole time and never got another chance, such as behind an open circuit."""
    _give_up(Q(give_up_at__lt=at) & (Q(attempts__gt=0) | Q(route__in=_open_ways(at))), "expired", at=at)


def _open_ways(at: datetime) -> list[str]:
    return list(Route.objects.filter(open_until__gt=at).values_list("name", flat=True))


def _give_up(which: Q, error: str, *, at: datetime) -> None:
    free = Delivery.objects.filter(which, state=Delivery.State.WAITING).filter(
        Q(lease_until=None) | Q(lease_until__lt=at)
    )
    free.update(state=Delivery.State.DEAD, last_error=error, failed_at=at, lease_until=None, lease_token=None)


def give_up_all_to(destination: Destination, *, at: datetime) -> None:
    """Whoever switches a destination off wants nothing more to arrive there."""
    _give_up(Q(to=destination), "switched_off", at=at)


def backoff(attempts: int) -> timedelta:
    """Ten seconds, doubling to an hour, with a quarter of jitter so that many do not come back at once.

    >>> 7 <= backoff(1).total_seconds() <= 13
    True
    """
    seconds = min(3600.0, 10.0 * 2 ** min(attempts - 1, 12))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
