"""Fails while the flag of a drill is up, with the word of what is played. The flag was read before the batch."""

from checks.probes.context import KNOWN, Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed


async def probe(spec: Spec, _: Context) -> Outcome:
    """Passes without a flag."""
    flag = spec.get(KNOWN)
    if not flag:
        return passed()
    try:
        return failed(ErrorClass(str(flag)))
    except ValueError:
        return failed(ErrorClass.REPORTED)
