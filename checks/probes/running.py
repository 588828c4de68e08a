"""The one way in which a probe is run, by a batch and by a person who tries it."""

import structlog

from checks.probes import ours
from checks.probes.context import Context, Probe, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed
from checks.probes.turns import Hung

log = structlog.get_logger("checks.probes")


async def run(probe: Probe, kind: str, spec: Spec, context: Context) -> Outcome | None:
    """What the probe says; None, too, where this machine is full: nobody knows then, and nothing goes red."""
    try:
        return await ask(probe, kind, spec, context)
    except Exception as problem:
        if ours.is_ours(problem):
            return None
        raise


async def ask(probe: Probe, kind: str, spec: Spec, context: Context) -> Outcome | None:
    """What the probe says. An answer at which it breaks is a failure like any other, and never a silence.

    What ends it because this machine is full says nothing about the target, and is raised: `ours.is_ours` knows it.
    The type of the trouble is logged for whoever mends the probe, never its text: it may quote the answer.
    """
    try:
        return await probe(spec, context)
    except Hung:
        return failed(ErrorClass.TIMEOUT)
    except Exception as problem:
        # Whatever it met that is not ours, somebody answered with it.
        if ours.is_ours(problem):
            log.error("no room for a probe", kind=kind, problem=type(problem).__name__)  # noqa: TRY400 - as below
            raise
        log.error("a probe broke", kind=kind, problem=type(problem).__name__)  # noqa: TRY400 - a trace would quote it
        return failed(ErrorClass.BROKEN)
