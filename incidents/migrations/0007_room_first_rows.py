"""The operations runbook as data: periods by severity, the checklist's template, what can be hit."""

from django.db import migrations

# severity, first public, then every, verification, post-mortem; minutes, the last in hours
POLICIES = [("SEV-1", 15, 30, 60, 48), ("SEV-2", 15, 60, 60, 48), ("SEV-3", None, 60, None, None)]
AREAS = ["API", "Ingest", "Geo", "Notifications", "Dashboard", "Auth", "DB", "Redis"]
# phase, the mildest severity for which the step is mandatory, words, link
STEPS = [
    ("triage", "SEV-3", "Say what is hit: all of /api/, single endpoints, sign-in, database or Redis", ""),
    ("triage", "SEV-3", "Write down when it started and which versions run", ""),
    ("stabilize", "SEV-3", "If a rollout is running, pause it or roll it back", ""),
    ("stabilize", "SEV-2", "If a dependency fails, switch to its documented degraded mode", ""),
    ("stabilize", "SEV-2", "Shield the database: throttle, or ease off writes for a while", ""),
    (
        "stabilize",
        "SEV-2",
        "If ingest surges, lower INGEST_MAX_BATCH_ITEMS and MAX_REQUEST_BODY_BYTES by config rollout",
        "",
    ),
    ("diagnose", "SEV-3", "Ask /health/live and /health/ready", "/health/ready"),
    ("diagnose", "SEV-3", "Look at error ratio, p95 latency and request volume", "/checks/"),
    ("diagnose", "SEV-2", "Follow one failing request through the logs by its X-Request-Id", ""),
    ("recover", "SEV-3", "Apply the fix or the rollback", ""),
    ("recover", "SEV-3", "See liveness, readiness and the key API paths answer again", "/health/ready"),
    ("recover", "SEV-3", "See alerts end and traffic return to normal", "/alerts/"),
    ("post_incident", "SEV-2", "Write the report: timeline, root cause, preventive actions", ""),
    ("post_incident", "", "Bring SLO, error budget and backlog priorities up to date", ""),
]


def add(apps, schema_editor):
    for severity, first, every, verification, postmortem in POLICIES:
        apps.get_model("incidents", "SeverityPolicy").objects.create(
            severity=severity,
            first_public_minutes=first,
            public_every_minutes=every,
            verification_minutes=verification,
            postmortem_hours=postmortem,
        )
    for position, name in enumerate(AREAS):
        apps.get_model("incidents", "ScopeArea").objects.create(name=name, position=position)
    for position, (phase, mandatory_from, text, link) in enumerate(STEPS):
        apps.get_model("incidents", "ChecklistTemplateStep").objects.create(
            phase=phase, position=position, text=text, link=link, mandatory_from=mandatory_from
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0006_incident_room")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop, elidable=False)]
