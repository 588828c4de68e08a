"""When a job has to be heard of: every so often, or by a cron line in the time of a place. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

MINUTE = timedelta(minutes=1)
NO_ZONE = "There is no such time zone. Write it like Europe/Berlin."
FIVE = "Write five parts, such as 30 3 * * * for half past three each night."
# By what the reader of cron lines says of a part.
_PARTS = {
    "Bad minute": "minute: 0 to 59",
    "Bad hour": "hour: 0 to 23",
    "Bad day-of-month": "day of the month: 1 to 31, and one that its month has",
    "Bad month": "month: 1 to 12",
    "Bad day-of-week": "day of the week: 0 to 7, or MON to SUN",
}


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
        """ValueError in words for the person who typed it. Lines of six parts are read as they were when stored."""
        try:
            place = ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(NO_ZONE) from None
        found = cls(" ".join(line.split()), place)
        if fault := found.fault():
            raise ValueError(f"This never comes. Look at the {fault}.")
        return found

    def fault(self) -> str:
        """The part for which there is no time; nothing when there is one."""
        try:
            self.next_after(datetime.now(UTC))
        except (CronSimError, StopIteration) as problem:
            return _PARTS.get(str(problem), "day and the month: they have to meet")
        return ""

    def next_after(self, moment: datetime) -> datetime:
        """The first time strictly after a moment; StopIteration when there is none in the next fifty years.

        In the hour that comes twice CronSim begins at the first one, whichever was meant: what lies behind is left out.
        """
        times = CronSim(self.line, moment.astimezone(self.zone))
        while (found := next(times).astimezone(UTC)) <= moment:
            pass
        return found


Schedule = Every | Cron
