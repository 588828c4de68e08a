"""What did a job say last: the token line that it ends with, parsed into status, reason and numbers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from checks.probes.context import KNOWN, Context, Spec
from checks.probes.heard import Heard
from checks.probes.outcome import ErrorClass, Outcome, failed, passed, without_data

MAX_AGE_MINUTES = 26 * 60.0
OK, FAIL, NO_DATA = "ok", "fail", "insufficient_data"
# Of a report so many lines are read, and so many numbers kept.
LINES, NUMBERS = 500, 20
_STATUS = {
    **dict.fromkeys(("ok", "healthy", "clean", "normalized"), OK),
    **dict.fromkeys(("fail", "unhealthy", "error", "found"), FAIL),
    **dict.fromkeys(("insufficient_data", "not_configured", "unknown"), NO_DATA),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Report:
    """All that is kept of a report."""

    status: str
    reason: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


def parse(text: str, command: str = "") -> Report | None:
    """The last line with a status, of this command when one is named; numbers of every line with its name or any.

    Anything that is not a token or a number is dropped. None when no line says a status that is known.

    >>> parse("rows=12 said by mail\\nnightly_export status=fail reason=disk_full rows=12")
    Report(status='fail', reason='disk_full', numbers={'rows': 12.0})
    """
    found: Report | None = None
    numbers: dict[str, float] = {}
    for line in text.splitlines()[-LINES:]:
        name, *words = line.split() or [""]
        pairs = dict(word.split("=", 1) for word in words if "=" in word)
        if not _NAME.fullmatch(name) or (command and not name.startswith(command)):
            continue
        numbers |= {key: float(value) for key, value in pairs.items() if _is_number(key, value)}
        if (not command or name == command) and pairs.get("status") in _STATUS:
            reason = pairs.get("reason", "")
            found = Report(_STATUS[pairs["status"]], reason if _NAME.fullmatch(reason) else "")
    if found is None:
        return None
    return Report(found.status, found.reason, dict(list(numbers.items())[-NUMBERS:]))


def _is_number(key: str, value: str) -> bool:
    return bool(_NAME.fullmatch(key) and _NUMBER.fullmatch(value)) and math.isfinite(float(value))


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """Fails when the job says so or says nothing for too long; without data as soon as the job says that of itself."""
    heard = spec.get(KNOWN)
    try:
        longest = timedelta(minutes=float(spec.get("max_age_minutes") or MAX_AGE_MINUTES))
    except (ValueError, TypeError):
        return failed(ErrorClass.CONFIG)
    if not isinstance(heard, Heard):
        return None
    heard_at = heard.heard_at if heard.heard_at and heard.heard_at >= heard.since else None
    if context.now() > (heard_at or heard.since) + longest:
        return failed(ErrorClass.LATE)
    if heard_at is None:
        return None
    if heard.status == NO_DATA:
        return without_data()
    value = heard.numbers.get(str(spec.get("number") or ""))
    return passed(value=value) if heard.status == OK else failed(ErrorClass.REPORTED, value=value)
