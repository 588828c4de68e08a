"""A storm for tests and for the bench: messages for many receivers, a few written by people and queued last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opsportal.network import Guard
from opsportal.outbox import actions, destinations
from opsportal.outbox.letter import Letter
from opsportal.outbox.models import Channel, Delivery
from tests.opsportal.outbox.sinks import Arrival, Crowd

RECEIVERS = 7  # six signed webhooks and the mail server
ONE_IN = 50  # messages of the portal for each one that a person wrote


@dataclass(frozen=True)
class Due:
    """A message that has to come."""

    place: str
    is_written: bool


def receivers(crowd: Crowd, *, at: datetime) -> list[dict[str, Any]]:
    """What `enqueue` wants to know of each."""
    added = [
        destinations.add(
            name=f"w{number}", channel="webhook", address=f"{crowd.url}w{number}", token="", by="storm", at=at
        )[0]
        for number in range(RECEIVERS - 1)
    ]
    web = [{"channel": Channel.WEBHOOK, "destination": one.name, "to": one} for one in added]
    return [*web, {"channel": Channel.EMAIL, "destination": "ops@example.org"}]


def queue(count: int, places: Sequence[dict[str, Any]], *, at: datetime) -> dict[str, Due]:
    """That many messages, in turn for each receiver; what is due, by the key that the receiver sees."""
    due = {}
    for number in range(count):
        place, is_written = places[number % len(places)], number >= count - count // ONE_IN
        is_mail = place["channel"] == Channel.EMAIL
        delivery = actions.enqueue(
            key=f"storm:{number}",
            subject=f"INC-{number} SEV-3 a check is red",
            body="3 of 3 runs failed, threshold 3.",
            at=at,
            priority=Delivery.Priority.WRITTEN if is_written else Delivery.Priority.MACHINE,
            **place,
        )
        due[message_id(delivery) if is_mail else delivery.key] = Due(
            "mail" if is_mail else place["destination"], is_written
        )
    return due


def message_id(delivery: Delivery) -> str:
    """What its mail is recognised by."""
    letter = Letter(delivery.key, "", "", "", "", delivery.created_at, closes=False, guard=Guard())
    return f"<{letter.message_id}@opsportal>"


def doubled(arrivals: Sequence[Arrival]) -> int:
    """How many came again."""
    return len(arrivals) - len({one.key for one in arrivals})


def smallest_share(arrivals: Sequence[Arrival], due: Mapping[str, Due]) -> float:
    """When half of everything had come: of the half of each receiver, how much had come to the one worst served."""
    total = Counter(one.place for one in due.values())
    half = Counter(one.place for one in arrivals[: len(arrivals) // 2])
    return min(2 * half[place] / count for place, count in total.items())


def written_ahead(arrivals: Sequence[Arrival], due: Mapping[str, Due]) -> int:
    """The most machine messages that any receiver got before the last of its written ones."""
    most = 0
    for place in {one.place for one in due.values()}:
        line = [due[one.key].is_written for one in arrivals if one.place == place]
        last = max(number for number, is_written in enumerate(line) if is_written)
        most = max(most, line[:last].count(False))
    return most
