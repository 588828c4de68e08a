"""ISO weeks beside minutes, hours and days: twelve weeks of every check are read as twelve rows each."""

from django.db import migrations, models

# The columns and the key of the other buckets.
MAKE = """
CREATE TABLE checks_bucket_w (LIKE checks_bucket_d INCLUDING ALL) PARTITION BY RANGE (bucket);
"""

# As in 0002, with a line for weeks. A week belongs to the year of its Monday, which may be the year before.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION checks_make_partitions(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  spec record; start_at timestamptz; name text; made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('checks_partitions'));
  FOR spec IN SELECT * FROM (VALUES
      ('checks_bucket_m', since, 'day', interval '1 day', 'YYYYMMDD'),
      ('checks_bucket_h', since, 'month', interval '1 month', 'YYYYMM'),
      ('checks_bucket_d', since, 'year', interval '1 year', 'YYYY'){made})
      AS s(base, first, unit, width, form)
  LOOP
    start_at := date_trunc(spec.unit, spec.first);
    WHILE start_at <= until LOOP
      name := spec.base || '_' || to_char(start_at, spec.form);
      IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 85)',
                       name, spec.base, start_at, start_at + spec.width);
        made := made + 1;
      END IF;
      start_at := start_at + spec.width;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION checks_drop_partitions(at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  spec record; child record; dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('checks_partitions'));
  FOR spec IN SELECT * FROM (VALUES
      ('checks_bucket_m', interval '14 days', interval '1 day', 'YYYYMMDD'),
      ('checks_bucket_h', interval '400 days', interval '1 month', 'YYYYMM'),
      ('checks_bucket_d', interval '5 years', interval '1 year', 'YYYY'){kept}) AS s(base, keep, width, form)
  LOOP
    FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = spec.base::regclass
    LOOP
      IF to_timestamp(split_part(child.relname, '_', 4), spec.form) + spec.width < at - spec.keep THEN
        EXECUTE format('DROP TABLE %I', child.relname);
        dropped := dropped + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN dropped;
END $$;
"""

WITH_WEEKS = FUNCTIONS.format(
    made=",\n ('checks_bucket_w', date_trunc('week', date_trunc('year', since)), 'year', interval '1 year', 'YYYY')",
    kept=",\n ('checks_bucket_w', interval '10 years', interval '1 year', 'YYYY')",
)
WITHOUT_WEEKS = FUNCTIONS.format(made="", kept="")

# With the mark left standing, whoever comes forward again would hold the old weeks for rolled up and never fill them.
TAKE_AWAY = """
DROP TABLE checks_bucket_w;
DELETE FROM checks_watermark WHERE grain = 'w';
"""

# What stands already: a partition for the year of every day that is kept, and of the Monday before it.
ROOM = """
DO $$
DECLARE
  first timestamptz;
BEGIN
  SELECT least(min(bucket), now() - interval '13 days') INTO first FROM checks_bucket_d;
  SET LOCAL timezone = 'UTC';
  first := date_trunc('year', date_trunc('week', date_trunc('year', first)));
  WHILE first <= now() + interval '7 days' LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF checks_bucket_w FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 85)',
                   'checks_bucket_w_' || to_char(first, 'YYYY'), first, first + interval '1 year');
    first := first + interval '1 year';
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("checks", "0007_own_parts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(MAKE + ROOM, TAKE_AWAY),
                migrations.RunSQL(WITH_WEEKS, WITHOUT_WEEKS),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="WeekBucket",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "check_id", "bucket", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("check_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                        ("ok", models.IntegerField(default=0)),
                        ("err", models.IntegerField(default=0)),
                        ("unknown", models.IntegerField(default=0)),
                        ("expected", models.IntegerField(default=0)),
                        ("maint", models.IntegerField(default=0)),
                        ("c429", models.IntegerField(default=0)),
                        ("c5xx", models.IntegerField(default=0)),
                        ("errors", models.JSONField(default=dict)),
                        ("lat_sum", models.FloatField(default=0)),
                        ("lat_min", models.FloatField(null=True)),
                        ("lat_max", models.FloatField(null=True)),
                        ("hist", models.BinaryField(default=bytes)),
                        ("hist_v", models.PositiveSmallIntegerField(default=1)),
                    ],
                    options={"db_table": "checks_bucket_w"},
                ),
            ],
        ),
    ]
