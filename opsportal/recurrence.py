"""Work that comes again and again: its days by a rule, its moments by the clock of one place.

The clock on the wall is what people agree on, so the hour stays when daylight saving begins or ends. A local time that
a change leaves out moves on by the hour that is missing; one that happens twice means the first.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from opsportal.errors import Refused

WEEKLY = "weekly"
FORTNIGHTLY = "fortnightly"
MONTHLY_DAY = "monthly_day"
MONTHLY_WEEKDAY = "monthly_weekday"
WORDS = {
    WEEKLY: "Every week",
    FORTNIGHTLY: "Every two weeks",
    MONTHLY_DAY: "Every month, on the same date",
    MONTHLY_WEEKDAY: "Every month, on the same weekday",
}
DAILY = "daily"
QUARTERLY = "quarterly"
# What duties and drills may come by; planned work has the four in between.
RULES = {DAILY: "Every day", **WORDS, QUARTERLY: "Every three months, on the same date"}
# In days; the others go by months.
_EVERY = {DAILY: 1, WEEKLY: 7, FORTNIGHTLY: 14}
_ORDINALS = ("first", "second", "third", "fourth", "last")


def require_known(rule: str, zone: str) -> None:
    """Refuse a rule that is none of `RULES`, and a place whose clock nobody knows."""
    if rule not in RULES:
        raise Refused("RULE_UNKNOWN", "Choose one of the rules.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Refused("ZONE_UNKNOWN", "There is no such time zone. Write it like Europe/Berlin.") from None


def days(rule: str, *, first: date, since: date, through: date, until: date | None = None) -> Iterator[date]:
    """The days of the rule from `since` to `through`, both included, none before the first.

    A month without the 31st has it on its last day, one without a fifth Monday on its last.
    """
    last = min(through, until) if until else through
    for number in count(_near(rule, first, since)):
        day = _nth(rule, first, number)
        if day > last:
            return
        if day >= since:
            yield day


def next_after(moment_: datetime, rule: str, *, first: date, clock: time, zone: str) -> datetime:
    """The first moment of the rule strictly after another, in UTC.

    >>> after = datetime(2026, 11, 29, 12, tzinfo=UTC)
    >>> next_after(after, MONTHLY_WEEKDAY, first=date(2026, 1, 13), clock=time(10), zone="Europe/Berlin").isoformat()
    '2026-12-08T09:00:00+00:00'
    """
    for number in count(_near(rule, first, moment_.astimezone(ZoneInfo(zone)).date())):
        found = moment(_nth(rule, first, number), clock, zone)
        if found > moment_:
            return found
    raise AssertionError("count() has no end")


def moment(day: date, clock: time, zone: str) -> datetime:
    """The moment at which a clock in that zone shows the time, in UTC.

    >>> moment(date(2026, 7, 1), time(3), "Europe/Berlin").isoformat()
    '2026-07-01T01:00:00+00:00'
    """
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def in_words(rule: str, first: date) -> str:
    """
    >>> in_words(MONTHLY_WEEKDAY, date(2026, 12, 8))
    'Every month, on the second Tuesday'
    """
    weekday = calendar.day_name[first.weekday()]
    if rule == DAILY:
        return RULES[rule]
    if rule in (MONTHLY_DAY, QUARTERLY):
        return f"{RULES[rule].partition(',')[0]}, on day {first.day}"
    if rule == MONTHLY_WEEKDAY:
        return f"Every month, on the {_ORDINALS[(first.day - 1) // 7]} {weekday}"
    return f"{WORDS[rule]}, on {weekday}"


def _near(rule: str, first: date, day: date) -> int:
    """A number whose day lies before that day but not far, or 0: a daily rule of 2000 has come ten thousand times."""
    if rule in _EVERY:
        number = (day - first).days // _EVERY[rule]
    else:
        months = (day.year - first.year) * 12 + day.month - first.month
        number = months // (3 if rule == QUARTERLY else 1)
    # Two before: clocks may differ by a day where a zone left one out.
    return max(0, number - 2)


def _nth(rule: str, first: date, number: int) -> date:
    if rule in _EVERY:
        return first + timedelta(days=number * _EVERY[rule])
    years, month = divmod(first.month - 1 + number * (3 if rule == QUARTERLY else 1), 12)
    year = first.year + years
    if rule in (MONTHLY_DAY, QUARTERLY):
        return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
    return _same_weekday(first, year, month + 1)


def _same_weekday(first: date, year: int, month: int) -> date:
    """The second Tuesday stays the second Tuesday; the fifth is the last one."""
    opening, length = calendar.monthrange(year, month)
    day = 1 + (first.weekday() - opening) % 7 + 7 * ((first.day - 1) // 7)
    return date(year, month, day if day <= length else day - 7)
