"""The audit log can only grow."""

from django.db import migrations

from opsportal.append_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("opsportal", "0001_initial")]

    operations = [migrations.RunSQL(protect("opsportal_auditevent"), unprotect("opsportal_auditevent"))]
