"""Where a duty that belongs to no incident is done, and when it is reminded of: rooms above say it at the start.

Incidents are not among them: their rooms have clocks, holders and policies of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Place:
    """The address of a subject's page, how long before the time it is reminded of, and how long after it again."""

    address: Callable[[str], str]
    remind_before: timedelta
    again_after: timedelta


_places: dict[str, Place] = {}


def register(kind: str, place: Place) -> None:
    """Say it once for each kind of duty."""
    _places[kind] = place


def every() -> dict[str, Place]:
    """By kind."""
    return dict(_places)


def address_of(kind: str, subject: str) -> str:
    """Where it is done; empty for kinds that have no page of their own."""
    place = _places.get(kind)
    return place.address(subject) if place else ""
