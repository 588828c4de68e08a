"""A run that a step of a runbook asked for knows it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checks", "0017_week_quantiles"),
        ("incidents", "0031_runbook_steps"),
    ]

    operations = [
        migrations.AddField(
            model_name="operationrun",
            name="step",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="incidents.runbookstep"
            ),
        ),
    ]
