"""What kinds of changes there are, how one may end, and what may follow what."""

from django.db import models

from opsportal.errors import Refused


class Kind(models.TextChoices):
    """What was changed."""

    DEPLOY = "deploy", "Deploy"
    ROLLBACK = "rollback", "Rollback"
    MIGRATION = "migration", "Migration"
    CONFIGURATION = "configuration", "Configuration"
    FLAG = "flag", "Flag"


class Result(models.TextChoices):
    """Where it stands."""

    PLANNED = "planned", "Planned"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    ROLLED_BACK = "rolled_back", "Rolled back"

    @property
    def has_ended(self) -> bool:
        return self in {Result.SUCCEEDED, Result.FAILED, Result.ROLLED_BACK}


class Source(models.TextChoices):
    """By which door it was told."""

    WEB = "web", "Web"
    API = "api", "API"
    COMMAND = "command", "Command"


# A rollback is the way out of trouble: no freeze holds it up.
HELD_BY_FREEZE = frozenset({Kind.DEPLOY, Kind.MIGRATION, Kind.CONFIGURATION, Kind.FLAG})
# These put a version into production, and the last good one is found by its name.
NAMES_ARTIFACT = frozenset({Kind.DEPLOY, Kind.ROLLBACK})

_NEXT: dict[Result, frozenset[Result]] = {
    Result.PLANNED: frozenset({Result.RUNNING, Result.FAILED}),
    Result.RUNNING: frozenset({Result.SUCCEEDED, Result.FAILED, Result.ROLLED_BACK}),
    Result.SUCCEEDED: frozenset({Result.ROLLED_BACK}),
    Result.FAILED: frozenset({Result.ROLLED_BACK}),
    Result.ROLLED_BACK: frozenset(),
}


def following(result: str) -> list[Result]:
    """What may come next, in the order people read it."""
    return [one for one in Result if one in _NEXT[Result(result)]]


def require(result: str, *, to: Result) -> None:
    """Refuse a move that the table does not have."""
    if to not in _NEXT[Result(result)]:
        raise Refused("CHANGE_RESULT", f"It is {Result(result).label.lower()} and cannot become {to.label.lower()}.")
