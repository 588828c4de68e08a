"""Aggregates and nothing else: counts, sums and a mergeable histogram for each minute, hour, day and week of a check.

The tables are partitioned by range of `bucket` in the database (migrations 0002 and 0008); Django sees plain tables.
"""

from django.db import models


class Bucket(models.Model):
    """What happened to one check in one stretch of time. `hist` is checks.rollups.histogram's bytes, version 1."""

    pk = models.CompositePrimaryKey("check_id", "bucket")
    check_id = models.BigIntegerField()
    bucket = models.DateTimeField()
    ok = models.IntegerField(default=0)
    err = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    expected = models.IntegerField(default=0)
    maint = models.IntegerField(default=0)
    c429 = models.IntegerField(default=0)
    c5xx = models.IntegerField(default=0)
    # Counts by error class from the fixed set, such as {"timeout": 3}.
    errors = models.JSONField(default=dict)
    lat_sum = models.FloatField(default=0)
    lat_min = models.FloatField(null=True)
    lat_max = models.FloatField(null=True)
    hist = models.BinaryField(default=bytes)
    hist_v = models.PositiveSmallIntegerField(default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.check_id} {self.bucket:%Y-%m-%d %H:%M}"


class MinuteBucket(Bucket):
    """One minute; kept 14 days."""

    class Meta:
        db_table = "checks_bucket_m"


class HourBucket(Bucket):
    """One hour, recomputed from its minutes and replaced, never added to; kept 400 days."""

    class Meta:
        db_table = "checks_bucket_h"


class DayBucket(Bucket):
    """One UTC day, recomputed from its hours; kept five years."""

    class Meta:
        db_table = "checks_bucket_d"


class WeekBucket(Bucket):
    """One ISO week in UTC, named by its Monday, recomputed from its days; kept ten years.

    What its histogram comes to stands beside it (checks.rollups.quantiles): trends read a thousand checks at once.
    """

    p50_ms = models.FloatField(null=True)
    p95_ms = models.FloatField(null=True)
    p95_low_ms = models.FloatField(null=True)
    p95_high_ms = models.FloatField(null=True)

    class Meta:
        db_table = "checks_bucket_w"


class RunningHour(models.Model):
    """What one check did in an hour that is not rolled up yet: its minutes' sums, added to with each of them.

    Gone once its hour is closed. What a list needs and no more, since it is written with every batch.
    """

    pk = models.CompositePrimaryKey("check_id", "hour")
    check_id = models.BigIntegerField()
    hour = models.DateTimeField()
    ok = models.IntegerField()
    err = models.IntegerField()
    # Slots that were to be run, without those of planned work.
    asked = models.IntegerField()
    # Runs that got an answer, so that their latency counts in a mean.
    answered = models.IntegerField()
    lat_sum = models.FloatField()

    class Meta:
        db_table = "checks_running_hour"

    def __str__(self) -> str:
        return f"{self.check_id} {self.hour:%Y-%m-%d %H:%M}"


class LastDay(models.Model):
    """The closed hours of one check's last 24, ready to be read as one row; written with each hour that is rolled up.

    `hours` has a group for each, oldest first: hours since the epoch, ok, err, asked, and the mean latency if any.
    """

    check_id = models.BigIntegerField(primary_key=True)
    newest = models.DateTimeField()
    hours = models.TextField()

    class Meta:
        db_table = "checks_last_day"

    def __str__(self) -> str:
        return f"{self.check_id} until {self.newest:%Y-%m-%d %H:%M}"


class LateHour(models.Model):
    """That counts were added to an hour long after it was over; gone once it was rolled up anew.

    One row for each time, so that nobody waits for another, and none goes for what came after it was read.
    """

    hour = models.DateTimeField()

    class Meta:
        db_table = "checks_late_hour"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"


class Watermark(models.Model):
    """Up to when a grain was rolled up: the hour, day or week before this moment is complete."""

    grain = models.CharField(max_length=4, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.grain} {self.until:%Y-%m-%d %H:%M}"
