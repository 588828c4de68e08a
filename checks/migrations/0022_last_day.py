"""A check's last 24 hours lie ready as one row, its running hour as another: the list reads no hours and no minutes."""

from django.db import migrations, models

# What lies there already. As checks/rollups/last_day.py and buckets.py write it from now on.
_ANSWERED = """ok + err - CASE WHEN errors = '{}' THEN 0 ELSE (
  SELECT coalesce(sum(number::int), 0) FROM jsonb_each_text(errors) AS one (class, number)
  WHERE class IN ('config', 'connect', 'denied', 'dns', 'forbidden', 'late',
                  'missing', 'overrun', 'pending', 'reported', 'shape', 'timeout', 'tls')) END"""
FILL = f"""
INSERT INTO checks_last_day (check_id, newest, hours)
SELECT check_id, max(bucket), string_agg(concat_ws(',',
  extract(epoch FROM bucket)::int / 3600, ok, err, expected - maint,
  CASE WHEN lat_sum > 0 THEN (lat_sum / nullif({_ANSWERED}, 0))::real END), ';' ORDER BY bucket)
FROM checks_bucket_h, checks_watermark
WHERE grain = 'h' AND bucket >= until - interval '24 hours' AND bucket < until GROUP BY check_id;

INSERT INTO checks_running_hour (check_id, hour, ok, err, asked, answered, lat_sum)
SELECT check_id, date_trunc('hour', bucket, 'UTC'), sum(ok), sum(err), sum(expected - maint), sum({_ANSWERED}),
  sum(lat_sum)
FROM checks_bucket_m
WHERE bucket >= coalesce((SELECT until FROM checks_watermark WHERE grain = 'h'), now() - interval '24 hours')
GROUP BY 1, 2;
"""  # noqa: S608 - our own constants
# Each batch writes these rows anew: with room beside them no index has to follow, and what is dead is cleared soon.
# The list and the frame of every page count the checks, which takes as long as their table has pages.
ROOM = """
ALTER TABLE checks_running_hour SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE checks_check SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
"""
AS_BEFORE = "ALTER TABLE checks_check RESET (fillfactor, autovacuum_vacuum_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("checks", "0021_reviews_freeze")]

    operations = [
        migrations.CreateModel(
            name="LastDay",
            fields=[
                ("check_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("newest", models.DateTimeField()),
                ("hours", models.TextField()),
            ],
            options={"db_table": "checks_last_day"},
        ),
        migrations.CreateModel(
            name="RunningHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "check_id", "hour", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("check_id", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
                ("ok", models.IntegerField()),
                ("err", models.IntegerField()),
                ("asked", models.IntegerField()),
                ("answered", models.IntegerField()),
                ("lat_sum", models.FloatField()),
            ],
            options={"db_table": "checks_running_hour"},
        ),
        migrations.RunSQL(ROOM, AS_BEFORE),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(
                fields=["state"],
                name="check_wants_a_look",
                condition=models.Q(state__in=["unhealthy", "flapping", "insufficient_data"]),
            ),
        ),
    ]
