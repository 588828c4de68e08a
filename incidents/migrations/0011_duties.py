"""A kind for duties that were settled; a step of the checklist leads to degrade mode."""

from django.db import migrations, models

LOWER = "If ingest surges, lower INGEST_MAX_BATCH_ITEMS and MAX_REQUEST_BODY_BYTES by config rollout"


def link(apps, schema_editor):
    """Degrade mode does this step now."""
    steps = apps.get_model("incidents", "ChecklistTemplateStep").objects.filter(text=LOWER, link="")
    steps.update(link="/settings/limits/")


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0010_timeline_redaction"),
    ]

    operations = [
        migrations.RunPython(link, migrations.RunPython.noop, elidable=False),
        migrations.AlterField(
            model_name="timelineevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("incident.declared", "declared the incident"),
                    ("incident.acknowledged", "acknowledged"),
                    ("note", "posted a team update"),
                    ("decision", "decided"),
                    ("status", "changed the status"),
                    ("severity", "changed the severity"),
                    ("role", "changed a role"),
                    ("checklist", "checklist"),
                    ("alert", "alert"),
                    ("check", "check"),
                    ("change", "change"),
                    ("public_update", "published to the status page"),
                    ("impact", "wrote down the impact"),
                    ("link", "linked an incident"),
                    ("merge", "merged"),
                    ("correction", "corrected"),
                    ("redaction", "removed words"),
                    ("duty", "settled a duty"),
                    ("incident.closed", "closed the incident"),
                    ("postmortem", "moved the post-mortem on"),
                    ("follow_up", "changed a follow-up"),
                ],
                max_length=32,
            ),
        ),
    ]
