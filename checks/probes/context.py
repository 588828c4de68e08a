"""What a probe may use of the world around it; handed in, so that probes know neither settings nor database."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.probes.client import HttpClient
from checks.probes.outcome import Outcome
from checks.probes.turns import Seat, Turn

Spec = Mapping[str, Any]


def setting(spec: Spec, name: str, usual: Any) -> Any:
    """What is configured, or what is usual; 0 is a number like any other.

    >>> setting({"most": 0}, "most", 1000), setting({}, "most", 1000)
    (0, 1000)
    """
    found = spec.get(name)
    return usual if found in (None, "") else found


@dataclass(frozen=True)
class Context:
    """One batch's surroundings.

    `figures` and `artifacts` (the last known good version of each domain, by its slug) were read before the batch.
    `variable` answers with what the environment holds under a name, or an empty text: a connection, a header's value;
    for `environment` what the portal made up for itself counts as unset. `folders` are those that file checks may look
    into. A trial is run for a person, who reads its notes. `seat` is the one thing that is a single run's own.
    """

    client: HttpClient
    figures: Mapping[str, float | None] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    variable: Callable[[str], str] = lambda name: ""
    environment: Callable[[str], str] = lambda name: ""
    folders: tuple[Path, ...] = ()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    is_trial: bool = False
    seat: Seat | None = None

    def turn(self, address: str) -> Turn:
        """Wait here for the host before the clock starts; ValueError for what is no address."""
        return Turn(self.client.gate(address), self.seat)


# Under this name a configuration carries what was read for its check before the batch; it is never stored.
KNOWN = "known"


# None means that there was nothing to measure: the slot counts as unknown, neither up nor down.
Probe = Callable[[Spec, Context], Awaitable[Outcome | None]]
