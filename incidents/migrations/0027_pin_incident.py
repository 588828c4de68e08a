"""A pin knows its incident: the first page of a room finds it without reading the whole timeline."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE incidents_pin SET incident_id = event.incident_id
FROM incidents_timelineevent AS event WHERE event.id = incidents_pin.event_id
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0026_page_language")]

    operations = [
        migrations.AddField(
            "pin",
            "incident",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        # The foreign key of the rows just filled is looked at now: a table with open looks cannot be altered.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            "pin",
            "incident",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"),
        ),
    ]
