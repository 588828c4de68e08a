"""Who may do what with a role of an incident: the rule that screens and acts ask alike. No database."""

from collections.abc import Iterator
from enum import StrEnum

from incidents.response.models import Seat
from opsportal.models import User
from opsportal.roles import Role


class Act(StrEnum):
    """What can be done with a role."""

    TAKE = "take"
    ACCEPT = "accept"
    DECLINE = "decline"
    OFFER = "offer"
    WITHDRAW = "withdraw"
    LAY_DOWN = "lay_down"
    TAKE_OVER = "take_over"


def is_able(person: User | None) -> bool:
    """True for somebody who may act in incidents: who left or became a viewer holds nothing any more."""
    return person is not None and person.has_role(Role.RESPONDER)


def holder(seat: Seat) -> User | None:
    """Who really holds the role; a free one has nobody."""
    return seat.holder if is_able(seat.holder) else None


def open_to(seat: Seat, person: User, *, is_commander: bool) -> frozenset[Act]:
    """What this person may do with the role now."""
    return frozenset(_open_to(seat, person, leads=is_commander or person.has_role(Role.ADMIN)))


def _open_to(seat: Seat, person: User, *, leads: bool) -> Iterator[Act]:
    if not is_able(person):
        return
    held_by = holder(seat)
    is_mine, is_offered_to_me = held_by == person, seat.offered_to == person
    if held_by is None:
        yield Act.TAKE
    elif not is_mine and not is_offered_to_me:
        yield Act.TAKE_OVER
    if is_mine:
        yield Act.LAY_DOWN
    if is_offered_to_me:
        yield from (Act.ACCEPT, Act.DECLINE)
    if seat.offered_to is None and (is_mine or (held_by is None and leads)):
        yield Act.OFFER
    if seat.offered_to is not None and not is_offered_to_me and (is_mine or leads or seat.offered_by == person):
        yield Act.WITHDRAW
