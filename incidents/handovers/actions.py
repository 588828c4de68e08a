"""Lay a packet ready when a shift changes, add a word to it, and take it: "I have it"."""

from datetime import datetime, timedelta

from django.db import transaction

from incidents.handovers import packet
from incidents.handovers.models import GRACE, HandOver
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.oncall import actions as oncall
from incidents.oncall import queries
from incidents.oncall.models import Holder, Override, Rotation
from incidents.oncall.shifts import Shift, final
from opsportal import turns
from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.outbox.actions import tell_operators
from opsportal.privacy import guard

Owed = Obligation.Kind.HANDOVER
# A change of shift that nobody swept for so long is history, not a hand-over.
_PATIENCE = timedelta(hours=2)
# Who had the shift before, also over a weekend that the rota does not cover.
_BEFORE = timedelta(days=7)


def sweep(*, at: datetime) -> int:
    """Lay a packet ready for every change of shift that has just been; how many are new. Safe to run twice."""
    people = queries.active_people()
    used = set(Holder.objects.exclude(rotation=None).values_list("rotation", flat=True))
    begun: list[tuple[int, Shift | None, Shift]] = []
    for key, rota in queries.rotas_between(at, at, people).items():
        if key in used:
            shifts = final(rota.plans, rota.covers, at - _BEFORE, at + timedelta(microseconds=1))
            begun += [(key, before, after) for before, after in _changes(shifts, at)]
    return sum(turns.each(begun, lambda change: _lay(*change, people, at=at)))


@transaction.atomic
def offer_early(rotation: Rotation, *, word: str, by: User, at: datetime) -> HandOver:
    """Offer the shift to whoever has the next one, now; nothing moves until they take it."""
    guard.require_clean(word)
    rotation = Rotation.objects.select_for_update().get(pk=rotation.pk)
    people = queries.active_people()
    rota = queries.rotas_between(at, at + oncall.LONGEST_COVER, people).get(rotation.pk)
    shifts = final(rota.plans, rota.covers, at, at + timedelta(days=14)) if rota else ()
    now = next((one for one in shifts if one.holds(at)), None)
    if now is None or now.person != by.pk:
        raise Refused("NOT_ON_CALL", "Only whoever is on call hands over.")
    following = next((one for one in shifts if one.starts_at >= now.ends_at and one.person not in (None, by.pk)), None)
    if following is None or following.person is None:
        raise Refused("NOBODY_NEXT", "Nobody else has a shift in the next two weeks. Let somebody stand in instead.")
    hand_over, is_new = HandOver.objects.get_or_create(
        rotation=rotation,
        shift_at=following.starts_at,
        defaults={
            "giver": by,
            "receiver": people[following.person],
            "word": word.strip(),
            "items": packet.compiled(at, following.ends_at),
            "offered_at": at,
        },
    )
    if not is_new:
        raise Refused("OFFERED_ALREADY", f"{hand_over.receiver} has the packet of that shift already.")
    _say(hand_over, at=at)
    return hand_over


@transaction.atomic
def add_word(hand_over: HandOver, *, word: str, by: User) -> HandOver:
    """What the giver wants to be known; only until the packet is taken."""
    guard.require_clean(word)
    hand_over = _locked(hand_over)
    if by.pk != hand_over.giver_id:
        raise Denied("NOT_THE_GIVER", "Only whoever hands over writes the note.")
    if hand_over.accepted_at is not None:
        raise Refused("TAKEN_ALREADY", f"{hand_over.receiver} has it already.")
    hand_over.word = word.strip()
    hand_over.save(update_fields=["word"])
    return hand_over


@transaction.atomic
def take(hand_over: HandOver, *, by: User, at: datetime) -> HandOver:
    """I have it. Before the shift begins, it begins now; after its time it is recorded as late. Safe to run twice.

    Early only while the giver still has all of what is left: who stands in meanwhile is not pushed aside.
    """
    rotation = Rotation.objects.select_for_update().get(pk=hand_over.rotation_id)
    hand_over = _locked(hand_over)
    if by.pk != hand_over.receiver_id:
        raise Denied("NOT_THE_RECEIVER", f"Only {hand_over.receiver} can say that they have it.")
    if hand_over.accepted_at is not None:
        return hand_over
    if at < hand_over.shift_at:
        _begin_early(hand_over, rotation, at=at)
    hand_over.accepted_at = at
    hand_over.save(update_fields=["accepted_at"])
    obligations.meet(Owed, _subject(hand_over), at=at)
    late = ", late" if hand_over.was_late else ""
    told = f"from {hand_over.giver or 'nobody'}{late}"
    audit.record("handover.take", by=by.username, object=hand_over.rotation.slug, reason=told)
    return hand_over


def _changes(shifts: tuple[Shift, ...], at: datetime) -> list[tuple[Shift | None, Shift]]:
    """Where another person's shift has begun, with the one before."""
    found: list[tuple[Shift | None, Shift]] = []
    before: Shift | None = None
    for shift in shifts:
        begun = at - _PATIENCE < shift.starts_at <= at
        if begun and shift.person is not None and (before is None or before.person != shift.person):
            found.append((before, shift))
        before = shift
    return found


@transaction.atomic
def _lay(key: int, before: Shift | None, after: Shift, people: dict[int, User], *, at: datetime) -> bool:
    taken_now = Override.objects.filter(pk=after.key, kind=Override.Kind.TAKEN).exists() if after.key else False
    hand_over, is_new = HandOver.objects.get_or_create(
        rotation_id=key,
        shift_at=after.starts_at,
        defaults={
            "giver": people[before.person] if before and before.person else None,
            "receiver": people[after.person or 0],
            "items": packet.compiled(at, after.ends_at),
            "offered_at": at,
            # Whoever said "I take it now" has it.
            "accepted_at": after.starts_at if taken_now else None,
        },
    )
    if hand_over.accepted_at is None:
        owner = f"@{hand_over.receiver}"
        obligations.owe(Owed, _subject(hand_over), due_at=hand_over.shift_at + GRACE, at=at, owner=owner)
    if is_new and hand_over.accepted_at is None:
        _say(hand_over, at=at)
    return is_new


def _say(hand_over: HandOver, *, at: datetime) -> None:
    tell_operators(
        key=f"handover:{hand_over.pk}",
        subject=f"{hand_over.receiver.username}: the packet of {hand_over.rotation} waits",
        body=f'{len(hand_over.items)} items are handed over from {hand_over.giver or "nobody"}. Press "I have it".',
        at=at,
        because="A shift changes",
    )


def _begin_early(hand_over: HandOver, rotation: Rotation, *, at: datetime) -> None:
    """The rota is locked: who has the rest of the shift cannot change while it is looked at."""
    giver, until = hand_over.giver, hand_over.shift_at
    if rotation.ended_at is not None:
        raise Refused(
            "SHIFT_CHANGED", f"{rotation} has ended since this was offered. Nobody is on call by it any more."
        )
    rota = queries.rotas_between(at, until, queries.active_people()).get(rotation.pk)
    left = final(rota.plans, rota.covers, at, until) if rota else ()
    if giver is None or not any(one.holds(at) and one.person == giver.pk for one in left):
        who = giver or "Whoever offered it"
        raise Refused("SHIFT_CHANGED", f"{who} does not have this shift any more. It is yours from {until:%H:%M} UTC.")
    if {one.person for one in left} - {giver.pk, hand_over.receiver_id, None}:
        raise Refused(
            "SHIFT_CHANGED",
            f"Somebody else stands in before {until:%H:%M} UTC. Look at the calendar, and take what is left there.",
        )
    oncall.take(rotation, until=until, reason="Handed over early.", by=hand_over.receiver, at=at)


def _subject(hand_over: HandOver) -> str:
    return f"shift {hand_over.rotation.slug}"[:64]


def _locked(hand_over: HandOver) -> HandOver:
    rows = HandOver.objects.select_for_update(of=("self",)).select_related("rotation", "giver", "receiver")
    return rows.get(pk=hand_over.pk)
