"""Twelve weeks of aggregates for the demo's checks: a daily rhythm, a few weak hours, nothing random between runs."""

import math
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from checks.catalogue.models import Check
from checks.demo.story import CHECKS, DemoCheck
from checks.rollups import buckets, histogram, last_day
from checks.rollups.buckets import Counts

WEEKS = timedelta(weeks=12)
MINUTES = timedelta(hours=25)
_WEAK_HOURS = (13, 14)
_ANSWERING = {"http", "database"}
_OWN = DemoCheck("own", "", "", "devops-sre", "SEV-3", 9.0)


def write(checks: list[Check], *, at: datetime) -> None:
    """Hours, closed days and closed weeks for twelve weeks, minutes for the last day, all before the minute of `at`."""
    stories = {story.key: story for story in CHECKS}
    for check in checks:
        story = stories.get(check.key, _OWN)
        hours = list(_hours(check, story, at))
        buckets.replace_hours(hours)
        days = [_merged(day, parts) for day, parts in _by(_day, hours) if day + timedelta(days=1) <= at]
        buckets.replace_days(days)
        buckets.replace_weeks(
            _merged(week, parts) for week, parts in _by(_week, days) if week + timedelta(weeks=1) <= at
        )
        buckets.add_minutes(_minutes(check, story, at))
    last_day.keep([check.pk for check in checks], until=at.replace(minute=0, second=0, microsecond=0))


def _hours(check: Check, story: DemoCheck, at: datetime) -> Iterator[Counts]:
    end = at.replace(minute=0, second=0, microsecond=0)
    start = (end - WEEKS).replace(hour=0)
    for number in range(int((end - start) / timedelta(hours=1))):
        bucket = start + timedelta(hours=number)
        yield _counts(check, story, bucket, samples=60, age=at - bucket)


def _minutes(check: Check, story: DemoCheck, at: datetime) -> Iterator[Counts]:
    """The last hours minute by minute; only these are in the current, unfinished hour."""
    end = at.replace(second=0, microsecond=0)
    for number in range(int(MINUTES / timedelta(minutes=1)), 0, -1):
        bucket = end - timedelta(minutes=number)
        yield _counts(check, story, bucket, samples=1, age=at - bucket)


def _counts(check: Check, story: DemoCheck, bucket: datetime, *, samples: int, age: timedelta) -> Counts:
    chance = random.Random(f"{check.key} {bucket:%Y%m%d%H%M}")  # noqa: S311 - the same demo every time
    is_weak = age.days in story.weak_days and bucket.hour in _WEAK_HOURS
    err = sum(chance.random() < (0.2 if is_weak else 0.0004) for _ in range(samples))
    busy = 1.0 + 0.35 * math.sin((bucket.hour - 9) / 24 * 2 * math.pi) + (1.6 if is_weak else 0.0)
    measured = samples - err if check.kind in _ANSWERING else 0  # a share of the disk takes no time to answer
    latencies = [story.usual_ms * busy * chance.lognormvariate(0.0, 0.25) for _ in range(measured)]
    return Counts(
        check_id=check.pk,
        bucket=bucket,
        ok=samples - err,
        err=err,
        expected=samples,
        errors={"timeout": err} if err else {},
        lat_sum=sum(latencies, start=0.0),
        lat_min=min(latencies, default=None),
        lat_max=max(latencies, default=None),
        hist=histogram.encode(latencies),
    )


def _day(bucket: datetime) -> datetime:
    return bucket.replace(hour=0)


def _week(bucket: datetime) -> datetime:
    return bucket - timedelta(days=bucket.weekday())


def _by(start_of: Callable[[datetime], datetime], smaller: list[Counts]) -> Iterator[tuple[datetime, list[Counts]]]:
    """The buckets, which come in order, by the larger ones that they lie in."""
    for start, parts in groupby(smaller, key=lambda one: start_of(one.bucket)):
        yield start, list(parts)


def _merged(bucket: datetime, parts: list[Counts]) -> Counts:
    err = sum(part.err for part in parts)
    return Counts(
        check_id=parts[0].check_id,
        bucket=bucket,
        ok=sum(part.ok for part in parts),
        err=err,
        expected=sum(part.expected for part in parts),
        errors={"timeout": err} if err else {},
        lat_sum=math.fsum(part.lat_sum for part in parts),
        lat_min=min((part.lat_min for part in parts if part.lat_min is not None), default=None),
        lat_max=max((part.lat_max for part in parts if part.lat_max is not None), default=None),
        hist=histogram.compact(b"".join(part.hist for part in parts)),
    )
