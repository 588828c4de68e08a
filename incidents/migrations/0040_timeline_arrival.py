"""One incident's rows are found in the order in which they came in; the index that only knew the incident is in it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0039_public_removal")]

    operations = [
        migrations.AddIndex("timelineevent", models.Index(fields=["incident", "id"], name="timeline_arrival")),
        migrations.AlterField(
            "timelineevent",
            "incident",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="timeline",
                to="incidents.incident",
            ),
        ),
    ]
