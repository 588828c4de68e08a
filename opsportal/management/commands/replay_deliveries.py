"""`replay_deliveries`: send again what was given up."""

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.outbox import actions

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(OpsCommand):
    speaks = "replay_deliveries"
    help = "Queue again what was given up: all messages of an event, or all that failed lately. Event ids stay."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--event-id", metavar="ID", help="The event, or the key of one message.")
        which.add_argument("--failed-since", metavar="AGE", help="Such as 30m, 1h or 2d.")

    def run(self, *, event_id: str | None, failed_since: str | None, **_: Any) -> Exit:
        at = timezone.now()
        if event_id is not None:
            done = actions.replay_event(event_id, by="shell", at=at)
        else:
            done = actions.replay_failed_since(at - age(failed_since or ""), by="shell", at=at)
        self.token("replay_deliveries", status="ok", queued=done.queued, skipped=done.skipped)
        return Exit.OK


def age(text: str) -> timedelta:
    """A length of time as operators write it.

    >>> age("90m")
    datetime.timedelta(seconds=5400)
    """
    found = re.fullmatch(r"(\d{1,4})([smhd])", text.strip())
    if found is None:
        raise Refused("BAD_AGE", "Write how long ago as 30m, 1h or 2d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
