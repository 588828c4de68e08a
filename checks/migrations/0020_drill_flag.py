"""The check that fails while the flag of a drill is up: in no daily report, on no part of the public page."""

from django.db import migrations


def add(apps, schema_editor):
    domain = apps.get_model("incidents", "Domain").objects.get(slug="devops-sre")
    apps.get_model("checks", "Check").objects.get_or_create(
        key="drill-flag",
        defaults={
            "name": "Drill flag",
            "kind": "drill",
            "every_seconds": 10,
            "flap_turns": 0,
            "is_daily": False,
            "domain": domain,
            "is_own": True,
            "severity": "SEV-2",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("checks", "0019_operation_plans"), ("incidents", "0033_drills")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
