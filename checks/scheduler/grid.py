"""When a check is due: fixed slots `phase + k * every`, so nothing drifts and nothing stampedes at the full minute.

Times are whole UTC seconds of the epoch or aware datetimes. The claim (claim.py) computes the same in SQL; a test
holds the two together.
"""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta

# Missed slots are told apart by the minute this far back; before that by the hour, which is all that screens show.
_BY_MINUTE = timedelta(hours=1)
# Before the day that lies this far back minutes have no partition: each day's slots are counted in one of its hours.
_BY_DAY = timedelta(days=12)
# And hours have none here.
FORGOTTEN = timedelta(days=390)


def phase(key: str, every_seconds: int) -> int:
    """Where in its period a check's slots lie, in seconds: a hash of its key, so that load is flat."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % every_seconds


def next_slot(key: str, every_seconds: int, after: datetime) -> datetime:
    """The first slot strictly after a moment."""
    start = phase(key, every_seconds)
    slots = (after.timestamp() - start) // every_seconds + 1
    return datetime.fromtimestamp(start + slots * every_seconds, UTC)


def missed(due: datetime, every_seconds: int, at: datetime) -> int:
    """How many slots passed unused from `due` until `at`, not counting the one that is run now.

    >>> due = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    >>> missed(due, 60, due + timedelta(seconds=59)), missed(due, 60, due + timedelta(seconds=150))
    (0, 2)
    """
    return max(0, int((at - due).total_seconds() // every_seconds))


def missed_by_bucket(due: datetime, every_seconds: int, at: datetime) -> dict[datetime, int]:
    """The missed slots, counted in the minute bucket each belongs to; older ones in the first minute of their hour.

    Those of days without minutes are in `missed_long_ago`.
    """
    every, found = timedelta(seconds=every_seconds), Counter[datetime]()
    total = missed(due, every_seconds, at)
    index = _slots_before(due, every, _by_minute_from(due, at))
    while index < total:
        slot = due + index * every
        width = timedelta(minutes=1) if slot > at - _BY_MINUTE else timedelta(hours=1)
        start = slot.replace(minute=slot.minute if width.seconds == 60 else 0, second=0, microsecond=0)
        until = min(total, index + max(1, -((slot - (start + width)) // every)))
        found[start] += until - index
        index = until
    return dict(found)


def missed_long_ago(due: datetime, every_seconds: int, at: datetime) -> dict[datetime, int]:
    """The missed slots before that, day by day, each in an hour in which the check had no run.

    The day's first hour; on the day of the last run the hour after it.
    """
    every, found = timedelta(seconds=every_seconds), dict[datetime, int]()
    end = min(_by_minute_from(due, at), at)
    index, total = _slots_before(due, every, at - FORGOTTEN), _slots_before(due, every, end)
    while index < total:
        slot = due + index * every
        day = _day(slot)
        until = min(total, _slots_before(due, every, day + timedelta(days=1)))
        hour = min(slot.astimezone(UTC).hour + 1, 23) if index == 0 else 0
        found[day + timedelta(hours=hour)] = until - index
        index = until
    return found


def _by_minute_from(due: datetime, at: datetime) -> datetime:
    """Where minutes begin to hold them. Slots of the last hour before have no other hour of their day to be counted in.

    The last run may lie in that hour, which is rolled up from its minutes again.
    """
    day = _day(at - _BY_DAY)
    eve = day - timedelta(hours=1)
    return eve if eve <= due < day else day


def _slots_before(due: datetime, every: timedelta, moment: datetime) -> int:
    """How many slots from `due` on lie before a moment."""
    return max(0, -((due - moment) // every))


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
