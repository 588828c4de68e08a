"""Drills: scenarios as files that come with the portal, the plan, and the mark of what is only practised."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import opsportal.privacy.fields
from incidents.drills.script import shipped


def add(apps, schema_editor):
    """Those whose address is free; what an operator wrote is never touched. Safe to run twice."""
    for slug, document in shipped().items():
        apps.get_model("incidents", "Scenario").objects.get_or_create(slug=slug, defaults={"document": document})
    plan = apps.get_model("incidents", "Plan")
    if not plan.objects.exists():
        plan.objects.create(rule="monthly_weekday", first_on=datetime.date(2026, 1, 13), clock=datetime.time(10))


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0032_oncall_calendars"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Scenario",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("document", opsportal.privacy.fields.GuardedTextField(verbose_name="scenario")),
                ("version", models.PositiveIntegerField(default=1)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="alert",
            name="is_drill",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="incident",
            name="mode",
            field=models.CharField(
                choices=[
                    ("standard", "Happens now"),
                    ("retrospective", "Is over, written down later"),
                    ("test", "Test"),
                    ("drill", "Drill"),
                ],
                default="standard",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="obligation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("acknowledge", "Acknowledge"),
                    ("first_public_update", "First public update"),
                    ("public_update", "Public update"),
                    ("verification", "Recovery verification"),
                    ("postmortem", "Post-mortem"),
                    ("check_back", "Look back at a decision"),
                    ("weekly_review", "Weekly review"),
                    ("drill_step", "Drill step"),
                    ("duty", "Duty"),
                ],
                max_length=32,
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
                    ("drill", "drill"),
                ],
                max_length=32,
            ),
        ),
        migrations.CreateModel(
            name="Drill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(editable=False, unique=True)),
                ("document", opsportal.privacy.fields.GuardedTextField(verbose_name="scenario as it was")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("stopped", "Stopped early"),
                            ("expired", "Ended by itself"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("flag", models.CharField(blank=True, max_length=24)),
                ("started_at", models.DateTimeField()),
                ("ends_by", models.DateTimeField()),
                ("mitigated_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", opsportal.privacy.fields.GuardedTextField(blank=True, verbose_name="why it was stopped")),
                ("lessons", opsportal.privacy.fields.GuardedTextField(blank=True)),
                ("score", models.JSONField(default=list)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "domain",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.domain"
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drill",
                        to="incidents.incident",
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drills", to="incidents.scenario"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_on", models.BooleanField(default=False)),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("daily", "Every day"),
                            ("weekly", "Every week"),
                            ("fortnightly", "Every two weeks"),
                            ("monthly_day", "Every month, on the same date"),
                            ("monthly_weekday", "Every month, on the same weekday"),
                            ("quarterly", "Every three months, on the same date"),
                        ],
                        max_length=16,
                    ),
                ),
                ("first_on", models.DateField()),
                ("clock", models.TimeField()),
                ("time_zone", models.CharField(default="UTC", max_length=40)),
                ("next_at", models.DateTimeField(null=True)),
                (
                    "scenario",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.scenario",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("investigating", "Investigating"),
                            ("identified", "Identified"),
                            ("monitoring", "Monitoring"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=16,
                    ),
                ),
                ("body", opsportal.privacy.fields.GuardedTextField()),
                ("next_update_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField()),
                (
                    "drill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="words", to="incidents.drill"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Inject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("text", opsportal.privacy.fields.GuardedTextField()),
                ("is_alert", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "drill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="injects", to="incidents.drill"
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("drill", "position"), name="inject_one_place")],
            },
        ),
        migrations.AddIndex(
            model_name="drill",
            index=models.Index(fields=["-started_at"], name="drill_newest"),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("state",), name="drill_one_running"
            ),
        ),
        migrations.AddIndex(
            model_name="word",
            index=models.Index(fields=["drill", "-published_at"], name="drill_words"),
        ),
        migrations.RunPython(add, migrations.RunPython.noop, elidable=False),
    ]
