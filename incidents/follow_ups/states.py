"""What may follow what for an action that an incident left behind."""

from django.db import models

from opsportal.errors import Refused


class Type(models.TextChoices):
    """What the action is good for."""

    DETECTIVE = "detective", "Detective"
    PREVENTATIVE = "preventative", "Preventative"
    CORRECTIVE = "corrective", "Corrective"

    @property
    def purpose(self) -> str:
        return {
            "detective": "We notice it sooner.",
            "preventative": "It cannot happen again, or is cheap when it does.",
            "corrective": "What it broke is put right.",
        }[self.value]


class State(models.TextChoices):
    """Where it stands. Done is a claim with proof; verified says that the re-test held."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    VERIFIED = "verified", "Verified"
    DROPPED = "dropped", "Dropped"


_NEXT: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.DONE, State.DROPPED}),
    State.DONE: frozenset({State.OPEN, State.VERIFIED}),
    State.VERIFIED: frozenset(),
    State.DROPPED: frozenset({State.OPEN}),
}


def following(state: str) -> list[State]:
    """The states that may come next."""
    return [one for one in State if one in _NEXT[State(state)]]


def require(state: str, *, to: State) -> None:
    """Refuse a move that the table does not have."""
    if to not in _NEXT[State(state)]:
        raise Refused("FOLLOW_UP_STATE", f"It is {State(state).label.lower()} and cannot become {to.label.lower()}.")
