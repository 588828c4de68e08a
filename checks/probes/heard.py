"""What a job said of itself, as a probe gets it; read before the batch, under the name `known` in a configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Heard:
    """The newest reports of one job. `since` is when it began to be waited for: older reports say nothing of now."""

    since: datetime
    started_at: datetime | None = None
    ok_at: datetime | None = None
    fail_at: datetime | None = None
    heard_at: datetime | None = None
    status: str = ""
    duration_ms: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
