"""When a job has to be heard of: every so often, or by a cron line in the time of a place. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Every:
    """After the last success, within a period."""

    period: timedelta

    def next_after(self, moment: datetime) -> datetime:
        return moment + self.period


@dataclass(frozen=True)
class Cron:
    """By a cron line on the clocks of a place.

    When clocks jump, it is as Debian's cron does: a time that does not exist is run right after the jump, and one that
    comes twice is run once.
    """

    line: str
    zone: ZoneInfo

    @classmethod
    def parse(cls, line: str, zone: str) -> "Cron":
        """ValueError in words for the person who typed it."""
        try:
            place = ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("There is no such time zone. Write it like Europe/Berlin.") from None
        parts = line.split()
        found = cls(" ".join(parts), place)
        # Of six the first would be seconds, and everything else move by one.
        if len(parts) != 5 or not found.comes():
            raise ValueError("Write five parts, such as 30 3 * * * for half past three each night.")
        return found

    def comes(self) -> bool:
        """Whether it can be read, and there is a time for it."""
        try:
            self.next_after(datetime.now(UTC))
        except (CronSimError, StopIteration):
            return False
        return True

    def next_after(self, moment: datetime) -> datetime:
        """The first time strictly after a moment; StopIteration when there is none in the next fifty years.

        In the hour that comes twice CronSim begins at the first one, whichever was meant: what lies behind is left out.
        """
        times = CronSim(self.line, moment.astimezone(self.zone))
        while (found := next(times).astimezone(UTC)) <= moment:
            pass
        return found


Schedule = Every | Cron
