"""Buckets become tables partitioned by time, and the application's role may ask for partitions, not for tables."""

from django.db import migrations

COLUMNS = """
  check_id bigint NOT NULL,
  bucket timestamptz NOT NULL,
  ok integer NOT NULL DEFAULT 0,
  err integer NOT NULL DEFAULT 0,
  unknown integer NOT NULL DEFAULT 0,
  expected integer NOT NULL DEFAULT 0,
  maint integer NOT NULL DEFAULT 0,
  c429 integer NOT NULL DEFAULT 0,
  c5xx integer NOT NULL DEFAULT 0,
  errors jsonb NOT NULL DEFAULT '{}',
  lat_sum double precision NOT NULL DEFAULT 0,
  lat_min double precision,
  lat_max double precision,
  hist bytea NOT NULL DEFAULT '',
  hist_v smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (check_id, bucket)
"""

TABLES = ["checks_bucket_m", "checks_bucket_h", "checks_bucket_d"]

# SECURITY DEFINER: the schema's owner makes and drops partitions; callers choose nothing but the stretch of time.
FUNCTIONS = """
CREATE FUNCTION checks_make_partitions(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  spec record; start_at timestamptz; name text; made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('checks_partitions'));
  FOR spec IN SELECT * FROM (VALUES
      ('checks_bucket_m', 'day', interval '1 day', 'YYYYMMDD'),
      ('checks_bucket_h', 'month', interval '1 month', 'YYYYMM'),
      ('checks_bucket_d', 'year', interval '1 year', 'YYYY')) AS s(base, unit, width, form)
  LOOP
    start_at := date_trunc(spec.unit, since);
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

CREATE FUNCTION checks_drop_partitions(at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  spec record; child record; dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('checks_partitions'));
  FOR spec IN SELECT * FROM (VALUES
      ('checks_bucket_m', interval '14 days', interval '1 day', 'YYYYMMDD'),
      ('checks_bucket_h', interval '400 days', interval '1 month', 'YYYYMM'),
      ('checks_bucket_d', interval '5 years', interval '1 year', 'YYYY')) AS s(base, keep, width, form)
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

SELECT checks_make_partitions(now() - interval '1 day', now() + interval '7 days');
"""

MAKE = "".join(
    f"DROP TABLE {table}; CREATE TABLE {table} ({COLUMNS}) PARTITION BY RANGE (bucket);\n" for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("checks", "0001_initial")]

    operations = [
        migrations.RunSQL(MAKE, migrations.RunSQL.noop),
        migrations.RunSQL(
            FUNCTIONS,
            "DROP FUNCTION checks_drop_partitions(timestamptz);"
            "DROP FUNCTION checks_make_partitions(timestamptz, timestamptz);",
        ),
    ]
