"""Hours that got counts long after they were over are noted, so that they are rolled up anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checks", "0023_counting"),
    ]

    operations = [
        migrations.CreateModel(
            name="LateHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
            ],
            options={
                "db_table": "checks_late_hour",
            },
        ),
    ]
