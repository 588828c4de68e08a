"""The timeline and its words can only grow."""

from django.db import migrations

from opsportal.append_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("opsportal", "0002_append_only")]

    operations = [
        migrations.RunSQL(protect(table), unprotect(table))
        for table in ("incidents_timelineevent", "incidents_timelinetext")
    ]
