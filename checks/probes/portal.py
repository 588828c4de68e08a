"""Is a number the portal says about itself below its ceiling? The number was read before the batch."""

from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """Fails above the ceiling; None while there is nothing to measure yet."""
    try:
        figure, ceiling = str(spec["figure"]), float(spec["ceiling"])
        value = context.figures[figure]
    except (KeyError, ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    if value is None:
        return None
    return passed(value=value) if value <= ceiling else failed(ErrorClass.OUT_OF_BOUNDS, value=value)
