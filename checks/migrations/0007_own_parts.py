"""The portal watches the rest of its parts: scheduler, workers, the public page."""

from django.db import migrations

# key, name, figure, ceiling
CHECKS = [
    ("portal-scheduler", "Portal scheduler", "scheduler_lateness_seconds", 90),
    ("portal-worker", "Portal worker", "worker_silence_seconds", 300),
    ("portal-snapshot", "Age of the public page", "snapshot_age_seconds", 180),
]


def add(apps, schema_editor):
    domain = apps.get_model("incidents", "Domain").objects.get(slug="devops-sre")
    for key, name, figure, ceiling in CHECKS:
        apps.get_model("checks", "Check").objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "kind": "portal",
                "spec": {"figure": figure, "ceiling": ceiling},
                "every_seconds": 60,
                "domain": domain,
                "is_own": True,
                "severity": "SEV-3",
            },
        )


class Migration(migrations.Migration):
    dependencies = [("checks", "0006_jobs")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
