"""The states of a check; without a database, so that pure rules can use them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a check says now. The token is for programs, `label` for people."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    FLAPPING = "flapping"
    INSUFFICIENT_DATA = "insufficient_data"
    BLOCKED = "blocked"
    PAUSED = "paused"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.HEALTHY: "Healthy",
    State.UNHEALTHY: "Unhealthy",
    State.FLAPPING: "Flapping",
    State.INSUFFICIENT_DATA: "No data",
    State.BLOCKED: "Blocked",
    State.PAUSED: "Paused",
}
CHOICES = [(state.value, state.label) for state in State]
WORST_FIRST = (
    State.UNHEALTHY,
    State.FLAPPING,
    State.INSUFFICIENT_DATA,
    State.BLOCKED,
    State.HEALTHY,
    State.PAUSED,
)
# What the navigation counts.
WANTS_A_LOOK = (State.UNHEALTHY, State.FLAPPING, State.INSUFFICIENT_DATA)
# What stands on a check in one of these states cannot be judged.
DOWN = (State.UNHEALTHY, State.FLAPPING, State.BLOCKED)


class Rule(StrEnum):
    """By what a check goes down. The token is for programs, `label` for people."""

    CONSECUTIVE = "consecutive"
    K_OF_N = "k_of_n"
    RATE = "rate"

    @property
    def label(self) -> str:
        return _RULES[self]


_RULES = {
    Rule.CONSECUTIVE: "Failed runs in a row",
    Rule.K_OF_N: "Failed runs among the last ones",
    Rule.RATE: "Share of failed runs in the last minutes",
}
RULE_CHOICES = [(rule.value, rule.label) for rule in Rule]

# Without a result for this many periods (but at least 90 seconds) a check that passes says that it has no data.
SILENT_PERIODS, SILENT_SECONDS = 3, 90
# So long a canary's bad word stands without being said again; whoever it excuses has it asked at once.
STANDS = timedelta(minutes=3)


def patience(every_seconds: int) -> timedelta:
    """So long a result speaks for now."""
    return timedelta(seconds=max(SILENT_PERIODS * every_seconds, SILENT_SECONDS))


class Word(NamedTuple):
    """What a canary said last, if it has said anything."""

    passed: bool | None
    heard_at: datetime | None
    every_seconds: int

    def stands(self, at: datetime) -> bool:
        """It is young enough to have a vote; a bad one is sooner too old."""
        if self.passed is None or self.heard_at is None:
            return False
        longest = patience(self.every_seconds)
        return at - self.heard_at <= (longest if self.passed else min(longest, STANDS))


def is_own_outage(canaries: Iterable[Word], at: datetime) -> bool:
    """Every canary that was heard of late fails: one alone may be down by itself."""
    said = [one.passed for one in canaries if one.stands(at)]
    return bool(said) and not any(said)


def shown(state: str, *, heard_at: datetime, every_seconds: int, at: datetime) -> State:
    """The state to show: what passed but has been silent for too long is not green, even when no worker says so."""
    if state == State.HEALTHY and at - heard_at > patience(every_seconds):
        return State.INSUFFICIENT_DATA
    return State(state)
