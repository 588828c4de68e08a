"""What may follow what for a post-mortem."""

from django.db import models

from opsportal.errors import Refused


class State(models.TextChoices):
    """Where the report stands. Published means that its public summary was handed to the status page."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    REVIEWED = "reviewed", "Reviewed"
    PUBLISHED = "published", "Published"


# Forward one by one, back to the draft from everywhere; a summary may be handed over again in other words.
_NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.IN_REVIEW}),
    State.IN_REVIEW: frozenset({State.DRAFT, State.REVIEWED}),
    State.REVIEWED: frozenset({State.DRAFT, State.PUBLISHED}),
    State.PUBLISHED: frozenset({State.DRAFT, State.PUBLISHED}),
}


def following(state: str) -> list[State]:
    """The states that may come next, in reading order."""
    return [one for one in State if one in _NEXT[State(state)]]


def require(state: str, *, to: State) -> None:
    """Refuse a move that the table does not have."""
    if to not in _NEXT[State(state)]:
        raise Refused("POSTMORTEM_STATE", f"The report is {State(state).label.lower()}. Reload the page to see it.")
