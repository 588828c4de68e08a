"""How many leaks were prevented: a day, a kind, a number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsportal", "0005_api_and_tokens")]

    operations = [
        migrations.CreateModel(
            name="LeakCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("kind", models.CharField(max_length=60)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("on", "kind"), name="leak_count_day_kind")],
            },
        ),
    ]
