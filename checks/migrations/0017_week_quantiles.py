"""Weeks know what their histograms come to, so that a page of a thousand checks reads numbers alone."""

from django.db import migrations, models

NAMES = ("p50_ms", "p95_ms", "p95_low_ms", "p95_high_ms")
# Without the mark the next roll-up, within the hour, computes every week that has days, as it did the first time.
ADD = f"""
ALTER TABLE checks_bucket_w {", ".join(f"ADD COLUMN {name} double precision" for name in NAMES)};
DELETE FROM checks_watermark WHERE grain = 'w';
"""  # noqa: S608
TAKE_AWAY = f"ALTER TABLE checks_bucket_w {', '.join(f'DROP COLUMN {name}' for name in NAMES)}"


class Migration(migrations.Migration):
    dependencies = [("checks", "0016_operation_runs")]

    operations = [
        migrations.RunSQL(
            ADD,
            TAKE_AWAY,
            state_operations=[migrations.AddField("weekbucket", name, models.FloatField(null=True)) for name in NAMES],
        ),
    ]
