"""A maintenance window and what it means at a moment.

It is worked out when somebody looks, so no job has to begin or end anything.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import NullTranslations

from incidents.statuspage import language

SCHEDULED = "scheduled"
IN_PROGRESS = "in_progress"
VERIFYING = "verifying"
COMPLETED = "completed"
CANCELLED = "cancelled"
RUNNING = (IN_PROGRESS, VERIFYING)
WORDS = {
    SCHEDULED: "Scheduled",
    IN_PROGRESS: "In progress",
    VERIFYING: "Verifying",
    COMPLETED: "Completed",
    CANCELLED: "Cancelled",
}


@dataclass(frozen=True)
class Window:
    """From `starts_at` until just before `ends_at`; a person may end or cancel it before."""

    starts_at: datetime
    ends_at: datetime
    verifying_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def closes_at(self) -> datetime:
        """When it is really over."""
        return min(self.ended_at, self.ends_at) if self.ended_at else self.ends_at

    @property
    def is_within_a_day(self) -> bool:
        """Beginning and end on the same UTC day, so that the day is said once."""
        return self.starts_at.astimezone(UTC).date() == self.closes_at.astimezone(UTC).date()

    def status(self, at: datetime) -> str:
        """Where it stands; the end belongs to what comes after."""
        if self.cancelled_at is not None:
            return CANCELLED
        if at < self.starts_at:
            return SCHEDULED
        if at >= self.closes_at:
            return COMPLETED
        return VERIFYING if self.verifying_at is not None and at >= self.verifying_at else IN_PROGRESS

    def covers(self, at: datetime) -> bool:
        """True while the work goes on."""
        return self.status(at) in RUNNING


def in_words(start: datetime, end: datetime, words: NullTranslations = language.ENGLISH) -> str:
    """
    >>> in_words(datetime(2026, 12, 5, 3, tzinfo=UTC), datetime(2026, 12, 5, 5, tzinfo=UTC))
    '5 Dec 2026, 03:00 to 05:00 UTC'
    """
    begin, close = start.astimezone(UTC), end.astimezone(UTC)
    last = f"{close:%H:%M}" if begin.date() == close.date() else _day(close, words)
    return words.gettext("%(first)s to %(last)s UTC") % {"first": _day(begin, words), "last": last}


def _day(when: datetime, words: NullTranslations) -> str:
    month = words.gettext(language.MONTHS[when.month - 1])
    parts = {"day": when.day, "month": month, "year": when.year, "time": f"{when:%H:%M}"}
    return words.gettext("{day} {month} {year}, {time}").format(**parts)
