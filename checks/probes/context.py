"""What a probe may use of the world around it; handed in, so that probes know neither settings nor database."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.probes.client import HttpClient
from checks.probes.outcome import Outcome

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    """One batch's surroundings.

    `figures` and `artifacts` (the last known good version of each domain, by its slug) were read before the batch.
    `dsn` answers with what the environment holds under a name, or an empty text.
    """

    client: HttpClient
    figures: Mapping[str, float | None] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    dsn: Callable[[str], str] = lambda name: ""


# None means that there was nothing to measure: the slot counts as unknown, neither up nor down.
Probe = Callable[[Spec, Context], Awaitable[Outcome | None]]
