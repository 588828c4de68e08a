"""Uses that go on, with their steps; links outside. What was said until now began and ended at one moment."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import opsportal.privacy.fields


def ended_then(apps, schema_editor):
    """Uses of before; those that go on do not exist yet. Safe to run twice."""
    uses = apps.get_model("incidents", "RunbookUse").objects.filter(ended_at=None)
    uses.update(ended_at=models.F("begun_at"), ended_by=models.F("by"))


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0030_oncall"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OutsideLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(max_length=500, unique=True)),
                (
                    "found",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("alive", "Answers"),
                            ("dead", "Dead"),
                            ("silent", "Did not answer"),
                            ("guarded", "Not asked: a private address"),
                        ],
                        max_length=8,
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("misses", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="RunbookStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("place", models.PositiveSmallIntegerField(default=0)),
                ("title", opsportal.privacy.fields.GuardedTextField(max_length=200)),
                ("command", opsportal.privacy.fields.GuardedTextField(blank=True, max_length=400)),
                ("expected", opsportal.privacy.fields.GuardedTextField(blank=True)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("run", "run from the page"),
                            ("shell", "run in the shell"),
                            ("check", "the check says"),
                            ("hand", "done by hand"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("asked", "Running"),
                            ("as_expected", "As expected"),
                            ("not_as_expected", "Not as expected"),
                            ("done", "Done"),
                        ],
                        default="asked",
                        max_length=15,
                    ),
                ),
                ("got", opsportal.privacy.fields.GuardedTextField(blank=True, max_length=400)),
                ("exit_code", models.PositiveSmallIntegerField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="runbookuse",
            name="runbook_uses",
        ),
        migrations.RenameField(
            model_name="runbookuse",
            old_name="at",
            new_name="begun_at",
        ),
        migrations.AddField(
            model_name="runbook",
            name="kept_over",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="runbookuse",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="runbookuse",
            name="ended_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="runbookuse",
            name="result",
            field=models.CharField(
                blank=True,
                choices=[("worked", "Worked"), ("partly", "Partly"), ("not", "Did not work"), ("left", "Nobody said")],
                max_length=8,
            ),
        ),
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
                    ("runbook", "followed a runbook"),
                    ("public_update", "published to the status page"),
                    ("impact", "wrote down the impact"),
                    ("heading", "rewrote title or summary"),
                    ("link", "linked an incident"),
                    ("merge", "merged"),
                    ("correction", "corrected"),
                    ("redaction", "removed words"),
                    ("duty", "settled a duty"),
                    ("nature", "hid the room"),
                    ("incident.closed", "closed the incident"),
                    ("postmortem", "moved the post-mortem on"),
                    ("follow_up", "changed a follow-up"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddIndex(
            model_name="runbookuse",
            index=models.Index(fields=["runbook", "-begun_at"], name="runbook_uses"),
        ),
        migrations.AddConstraint(
            model_name="runbookuse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("result", "")), fields=("runbook", "subject"), name="runbook_one_use_of_a_subject"
            ),
        ),
        migrations.AddIndex(
            model_name="outsidelink",
            index=models.Index(models.OrderBy(models.F("looked_at"), nulls_first=True), name="runbook_link_due"),
        ),
        migrations.AddField(
            model_name="runbookstep",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="runbookstep",
            name="use",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="incidents.runbookuse"
            ),
        ),
        migrations.AddIndex(
            model_name="runbookstep",
            index=models.Index(fields=["use", "id"], name="runbook_steps"),
        ),
        migrations.RunPython(ended_then, migrations.RunPython.noop, elidable=False),
    ]
