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


class Watermark(models.Model):
    """Up to when a grain was rolled up: the hour, day or week before this moment is complete."""

    grain = models.CharField(max_length=4, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.grain} {self.until:%Y-%m-%d %H:%M}"
