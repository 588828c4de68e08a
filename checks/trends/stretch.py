"""Which weeks one looks at: the last 12 or 52, or any that one zooms to. They live in the address. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from checks.trends import isoweek

# The last weeks that one looks at without asking for others.
WINDOWS = (12, 52)
# One week alone cannot be compared; two years are what a drawing has room for.
SHORTEST, LONGEST = 2, 104


@dataclass(frozen=True)
class Stretch:
    """So many closed weeks from a Monday on. `is_newest` when it is one of the usual windows."""

    first: datetime
    number: int
    is_newest: bool = False

    @property
    def mondays(self) -> list[datetime]:
        return [self.first + place * isoweek.WEEK for place in range(self.number)]

    @property
    def end(self) -> datetime:
        return self.first + self.number * isoweek.WEEK

    @property
    def last(self) -> datetime:
        """The Monday of its newest week."""
        return self.end - isoweek.WEEK

    @property
    def query(self) -> str:
        """?weeks=12, or ?since=2026-W35&until=2026-W40."""
        if self.is_newest:
            return f"?weeks={self.number}"
        return "?" + urlencode({"since": isoweek.name(self.first), "until": isoweek.name(self.last)})

    @property
    def words(self) -> str:
        """12 closed ISO weeks, UTC, to 2026-W46."""
        return f"{self.number} closed ISO weeks, UTC, to {isoweek.name(self.last)}"


def newest(number: int, at: datetime) -> Stretch:
    """The last closed weeks."""
    return Stretch(isoweek.monday(at) - number * isoweek.WEEK, number, is_newest=True)


def between(since: datetime, until: datetime, at: datetime) -> Stretch:
    """From one week to another, both counted, by their Mondays; widened to two weeks, and closed ones alone.

    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 9, tzinfo=UTC)
    >>> between(day, day, datetime(2026, 11, 18, tzinfo=UTC)).query
    '?since=2026-W45&until=2026-W46'
    """
    last = min(until, isoweek.monday(at) - isoweek.WEEK)
    number = min(max((last - since) // isoweek.WEEK + 1, SHORTEST), LONGEST)
    return Stretch(last - (number - 1) * isoweek.WEEK, number)


@dataclass(frozen=True)
class Ways:
    """Where one may go from some weeks; None where there is nothing more."""

    closer: Stretch | None
    wider: Stretch | None
    earlier: Stretch | None
    later: Stretch | None


def ways(shown: Stretch, at: datetime) -> Ways:
    """The newest half, twice as many, and half of them to either side; never beyond the last closed week."""
    half, newest_week = shown.number // 2, isoweek.monday(at) - isoweek.WEEK

    def to(last: datetime, number: int) -> Stretch | None:
        last = min(last, newest_week)
        found = Stretch(last - (number - 1) * isoweek.WEEK, number)
        is_same = (found.first, found.number) == (shown.first, shown.number)
        return None if is_same or not SHORTEST <= number <= LONGEST else found

    step = max(half, 1) * isoweek.WEEK
    return Ways(
        closer=to(shown.last, half),
        wider=to(shown.last + step, shown.number * 2),
        earlier=to(shown.last - step, shown.number),
        later=to(shown.last + step, shown.number),
    )
