"""Receivers whom a room above knows: their address is asked for when a message leaves, so the row never holds it.

Who is gone by then gets nothing, however long the message waited.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from opsportal.outbox.models import Delivery
from opsportal.secrets.sealed import Sealed


@dataclass(frozen=True)
class Recipient:
    """Where it goes, still closed, and what only this receiver's message says."""

    address: Sealed
    credentials: Sealed = field(default_factory=Sealed)
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Directory(Protocol):
    """The room that knows them. `gone` is the token for why a message to whoever it does not find is not sent."""

    gone: str

    def find(self, deliveries: Iterable[Delivery]) -> Mapping[int, Recipient]:
        """Who is still there, by the delivery's pk."""

    def took(self, number: int, *, at: datetime) -> None:
        """A message arrived."""

    def gave_up(self, number: int, *, error: str, at: datetime) -> None:
        """A message will not be tried again."""


_directories: dict[str, Directory] = {}


def register(kind: str, directory: Directory) -> None:
    """Called once, when the app is ready: `kind` stands before the number, as in subscriber:42."""
    _directories[kind] = directory


def find(deliveries: Iterable[Delivery]) -> None:
    """Look up everybody whom these messages are for, all at once."""
    theirs: dict[str, list[Delivery]] = {}
    for one in deliveries:
        if one.recipient:
            theirs.setdefault(one.recipient.partition(":")[0], []).append(one)
    for kind, rows in theirs.items():
        known = _directories[kind].find(rows) if kind in _directories else {}
        for row in rows:
            row.found = known.get(row.pk)


def gone(delivery: Delivery) -> str:
    """Why nothing is sent to somebody who was not found."""
    directory = _of(delivery)
    return directory.gone if directory is not None else "unsubscribed"


def took(delivery: Delivery, *, at: datetime) -> None:
    """Tell the room above that its message arrived."""
    if (directory := _of(delivery)) is not None:
        directory.took(_number(delivery), at=at)


def gave_up(delivery: Delivery, *, error: str, at: datetime) -> None:
    """Tell the room above that its message did not."""
    if (directory := _of(delivery)) is not None:
        directory.gave_up(_number(delivery), error=error, at=at)


def _of(delivery: Delivery) -> Directory | None:
    return _directories.get(delivery.recipient.partition(":")[0])


def _number(delivery: Delivery) -> int:
    return int(delivery.recipient.partition(":")[2])
