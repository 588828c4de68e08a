"""Queue a message, and try a given-up one again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from opsportal.audit import actions as audit
from opsportal.background import wake
from opsportal.errors import Refused
from opsportal.outbox import circuit, ways
from opsportal.outbox.models import TRIES_FOR, Delivery, Destination, Route
from opsportal.outbox.sending import deliver_due
from opsportal.privacy import guard

__all__ = ["deliver_due", "enqueue", "replay", "replay_event", "replay_failed_since", "tell_operators", "track_issue"]

# A bell nobody heard within a sweep's time is worthless: a storm must not leave thousands of them.
_BELL_SECONDS = 10.0
_SUBJECT, _BECAUSE = 200, 200


def enqueue(
    *,
    key: str,
    channel: str,
    destination: str,
    subject: str,
    body: str,
    at: datetime,
    event: str = "",
    because: str = "",
    priority: Delivery.Priority = Delivery.Priority.MACHINE,
    act: Delivery.Act = Delivery.Act.TELL,
    to: Destination | None = None,
) -> Delivery:
    """Promise one message, in the caller's transaction. The same key again is the same message, not a second one.

    Messages about one `event` are replayed together; `because` is shown to whoever asks why this was sent. What the
    guard finds is taken out: nobody is there to be asked, and an alarm that is not sent is worse than one with a gap.
    """
    subject = guard.cleaned(" ".join(subject.split()))[:_SUBJECT]
    body, because = guard.cleaned(body), guard.cleaned(because)[:_BECAUSE]
    delivery, is_new = Delivery.objects.get_or_create(
        key=key,
        defaults={
            "event": event or key,
            "because": because,
            "channel": channel,
            "destination": destination,
            "to": to,
            "route": ways.ensure(channel, to),
            "priority": priority,
            "act": act,
            "subject": subject,
            "body": body,
            "due_at": at,
            "give_up_at": at + TRIES_FOR,
        },
    )
    if is_new:
        ring()
    return delivery


def tell_operators(
    *,
    key: str,
    subject: str,
    body: str,
    at: datetime,
    because: str = "",
    priority: Delivery.Priority = Delivery.Priority.MACHINE,
) -> list[Delivery]:
    """One message for each destination that is set, by environment or by an admin; none when none is."""
    return [
        enqueue_to(place, key=key, event=key, subject=subject, body=body, because=because, at=at, priority=priority)
        for place in ways.places()
    ]


def track_issue(
    *,
    key: str,
    event: str,
    subject: str,
    body: str,
    at: datetime,
    act: Delivery.Act,
    because: str = "",
    priority: Delivery.Priority = Delivery.Priority.MACHINE,
) -> list[Delivery]:
    """Open, update or close the event's issue in each repository that is set; none when none is."""
    return [
        enqueue_to(
            place, key=key, event=event, subject=subject, body=body, because=because, at=at, priority=priority, act=act
        )
        for place in ways.issue_places()
    ]


def enqueue_to(
    place: ways.Place,
    *,
    key: str,
    event: str,
    subject: str,
    body: str,
    because: str,
    at: datetime,
    priority: Delivery.Priority,
    act: Delivery.Act = Delivery.Act.TELL,
) -> Delivery:
    """Promise one message to one of several receivers; its key is the news' own with the receiver behind it."""
    return enqueue(
        key=f"{key}:{place.suffix}",
        channel=place.channel,
        destination=place.destination,
        to=place.to,
        subject=subject,
        body=body,
        at=at,
        event=event,
        because=because,
        priority=priority,
        act=act,
    )


@dataclass(frozen=True)
class Replayed:
    """How many were queued again, and how many were left alone because they wait or were taken."""

    queued: int
    skipped: int


@transaction.atomic
def replay(delivery: Delivery, *, by: str, at: datetime) -> None:
    """Try a given-up message once more, under its old key, so that a receiver can recognise a double."""
    if not replay_chosen([delivery.pk], by=by, at=at).queued:
        raise Refused("NOT_GIVEN_UP", "Only a message that was given up can be sent again.")


@transaction.atomic
def replay_chosen(pks: Iterable[int], *, by: str, at: datetime) -> Replayed:
    """Try those of the chosen that were given up."""
    return _replay(Q(pk__in=list(pks)), Delivery.State.DEAD, by=by, at=at, what="chosen")


@transaction.atomic
def replay_event(event: str, *, by: str, at: datetime) -> Replayed:
    """Try again what an event caused and what was given up; Refused when no message knows the event."""
    if not Delivery.objects.of_event(event).exists():
        raise Refused("UNKNOWN_EVENT", "No message has this event id.")
    return _replay(Q(event=event) | Q(key=event), Delivery.State.DEAD, by=by, at=at, what=f"event {event}")


@transaction.atomic
def replay_failed_since(since: datetime, *, by: str, at: datetime) -> Replayed:
    """Try everything that failed since then at once: what was given up, and what waits for its next try."""
    return _replay(Q(failed_at__gte=since), *Delivery.State.values, by=by, at=at, what=f"failed since {since:%H:%M}")


def _replay(which: Q, *states: str, by: str, at: datetime, what: str) -> Replayed:
    # Ways before messages, as whoever sends; none of them marks anything meanwhile.
    ways_of = Delivery.objects.filter(which).values("route")
    list(Route.objects.select_for_update().filter(name__in=ways_of).order_by("name"))
    chosen = list(
        Delivery.objects.filter(which)
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", "state", "route")
    )
    again = [(pk, route) for pk, state, route in chosen if state in states and state != Delivery.State.SENT]
    Delivery.objects.filter(pk__in=[pk for pk, _ in again], state=Delivery.State.DEAD).update(
        attempts=0, give_up_at=at + TRIES_FOR
    )
    Delivery.objects.filter(pk__in=[pk for pk, _ in again]).filter(Q(lease_until=None) | Q(lease_until__lt=at)).update(
        state=Delivery.State.WAITING, due_at=at, lease_until=None, lease_token=None
    )
    for name in sorted({route for _, route in again}):
        try_way(name, at=at)
    replayed = Replayed(queued=len(again), skipped=len(chosen) - len(again))
    audit.record("delivery.replay", by=by, object=f"{what}: {replayed.queued} queued"[:128])
    if again:
        ring()
    return replayed


@transaction.atomic
def try_way(name: str, *, at: datetime) -> None:
    """Let one message try an open circuit now instead of when its pause ends."""
    route = Route.objects.select_for_update().filter(name=name).first()
    if route is not None:
        route.write(circuit.tried_now(route.read(), at=at))
        ring()


def ring() -> None:
    """Wake a worker when the transaction has committed."""
    transaction.on_commit(partial(wake, "opsportal.deliver_due", expires=_BELL_SECONDS))
