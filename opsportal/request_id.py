"""The id under which a request is known in answers, logs, audit rows and tasks."""

import re
import uuid

from opsportal.privacy import guard

_WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")


def accepted_or_new(given: str) -> str:
    """The id that came along when it is well-formed and no secret got into its place, else a new one.

    >>> accepted_or_new("deploy-2026-11-21")
    'deploy-2026-11-21'
    """
    return given if _WELL_FORMED.fullmatch(given) and not guard.scan(given) else str(uuid.uuid4())
