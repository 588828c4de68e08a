"""When the sweep offered an event last: those that fail each time stand behind the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0040_timeline_arrival")]

    operations = [migrations.AddField("reaction", "offered_at", models.DateTimeField(null=True))]
