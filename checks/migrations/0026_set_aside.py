"""What planned work keeps out of the minutes is kept beside them, so that shorter work can give it back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checks", "0025_plain_acts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SetAside",
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
            options={
                "db_table": "checks_set_aside",
            },
        ),
    ]
