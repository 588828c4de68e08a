"""Which commands of a step can be started from its page: who runs operations and checks, above, says so here."""

from collections.abc import Callable
from dataclasses import dataclass

from incidents.runbooks.reading import Trial
from opsportal.roles import Role


@dataclass(frozen=True)
class Startable:
    """Where to ask for a run (POST with use, number and place), and who may."""

    url: str
    role: Role = Role.RESPONDER


# From a trial to where it is started; nothing when it is for the shell alone.
lookups: list[Callable[[Trial], Startable | None]] = []


def of(trial: Trial) -> Startable | None:
    """The first that knows it."""
    return next((found for look in lookups if (found := look(trial)) is not None), None)
