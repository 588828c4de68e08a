"""The portal watches itself from the first minute."""

from django.db import migrations

# key, name, kind, spec, every seconds
CHECKS = [
    ("portal-live", "Portal liveness", "http", {"url": "portal:/health/live"}, 30),
    ("portal-ready", "Portal readiness", "http", {"url": "portal:/health/ready"}, 30),
    ("portal-database", "Portal database", "database", {"dsn_env": "DATABASE_URL"}, 30),
    ("portal-queue-age", "Portal queue age", "portal", {"figure": "outbox_age_seconds", "ceiling": 120}, 60),
    ("portal-disk", "Portal disk", "portal", {"figure": "disk_used_percent", "ceiling": 90}, 60),
]


def add(apps, schema_editor):
    domain = apps.get_model("incidents", "Domain").objects.get(slug="devops-sre")
    for key, name, kind, spec, every in CHECKS:
        apps.get_model("checks", "Check").objects.create(
            key=key, name=name, kind=kind, spec=spec, every_seconds=every, domain=domain, is_own=True, severity="SEV-3"
        )


class Migration(migrations.Migration):
    dependencies = [("checks", "0002_partitions"), ("incidents", "0003_first_rows")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
