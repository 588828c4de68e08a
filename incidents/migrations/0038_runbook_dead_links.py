"""How many links of a runbook lead nowhere, for lists and the weekly review."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0037_paging")]

    operations = [
        migrations.AddField(model_name="runbook", name="dead_links", field=models.PositiveSmallIntegerField(default=0)),
    ]
