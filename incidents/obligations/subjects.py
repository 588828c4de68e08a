"""What the token of a duty or a packet's line is about. Pure."""

import re

# An incident's label and nothing else: INC-audit 2026-11-23 is a duty that somebody called so.
INCIDENT = r"^INC-[0-9]{1,9}$"


def incident_of(subject: str) -> int | None:
    """The number of the incident it is about; None when it is about something else.

    >>> incident_of("INC-12"), incident_of("INC-audit 2026-11-23"), incident_of("12")
    (12, None, None)
    """
    return int(subject.removeprefix("INC-")) if re.fullmatch(INCIDENT, subject) else None
