"""The states of a check; without a database, so that pure rules can use them."""

from enum import StrEnum


class State(StrEnum):
    """What a check says now. The token is for programs, `label` for people."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INSUFFICIENT_DATA = "insufficient_data"
    BLOCKED = "blocked"
    PAUSED = "paused"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.HEALTHY: "Healthy",
    State.UNHEALTHY: "Unhealthy",
    State.INSUFFICIENT_DATA: "No data",
    State.BLOCKED: "Blocked",
    State.PAUSED: "Paused",
}
CHOICES = [(state.value, state.label) for state in State]
WORST_FIRST = (State.UNHEALTHY, State.INSUFFICIENT_DATA, State.BLOCKED, State.HEALTHY, State.PAUSED)
