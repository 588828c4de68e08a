"""Duties: what the operating documents ask for again and again, to be changed by admins."""

import datetime

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

import opsportal.privacy.fields

# slug, title, what, owner, rule, first on, by, evidence, proof, remind hours
SHIPPED = [
    (
        *("daily-health-checks", "Daily health checks"),
        "Go through the daily sheet and sign it.",
        *("@sre-oncall", "daily", datetime.date(2026, 1, 1), datetime.time(10), "sheet", "", 1),
    ),
    (
        *("weekly-verification", "Weekly verification"),
        "Run prod_verify --verify, and look at the health lines of ops_daily.",
        *("@sre-oncall", "weekly", datetime.date(2026, 1, 1), datetime.time(12), "operation", "prod_verify", 24),
    ),
    (
        *("monthly-restore-test", "Monthly restore test"),
        "Restore the newest backup elsewhere: backup_verify compares rows and hashes.",
        *("@sre-lead", "monthly_day", datetime.date(2026, 1, 15), datetime.time(12), "operation", "backup_verify", 48),
    ),
    (
        *("monthly-drill", "Monthly drill"),
        "Play a scenario to its end, with lessons.",
        *("@sre-lead", "monthly_day", datetime.date(2026, 1, 28), datetime.time(16), "drill", "", 72),
    ),
    (
        *("quarterly-access-review", "Quarterly access review"),
        "Go through people, roles and API tokens; end what nobody needs any more.",
        *("@sre-lead", "quarterly", datetime.date(2026, 1, 31), datetime.time(16), "note", "", 168),
    ),
]
NAMES = ("slug", "title", "what", "owner", "rule", "first_on", "clock", "evidence", "proof", "remind_hours")


def add(apps, schema_editor):
    """Those whose address is free. Safe to run twice."""
    for row in SHIPPED:
        given = dict(zip(NAMES, row, strict=True))
        apps.get_model("incidents", "Duty").objects.get_or_create(
            slug=given.pop("slug"), defaults={**given, "since": timezone.now()}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0033_drills"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("title", opsportal.privacy.fields.GuardedTextField(max_length=120)),
                ("what", opsportal.privacy.fields.GuardedTextField(blank=True, verbose_name="what is done")),
                (
                    "owner",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
                                "A handle begins with @, such as @sre-oncall; letters, digits, dot, - and _.",
                            )
                        ],
                    ),
                ),
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
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("note", "A note of who did it"),
                            ("operation", "An operation that ends with exit 0"),
                            ("check", "A check that passes"),
                            ("sheet", "The daily sheet, signed"),
                            ("drill", "A drill, played to its end"),
                        ],
                        default="note",
                        max_length=9,
                    ),
                ),
                ("proof", models.CharField(blank=True, max_length=64)),
                ("remind_hours", models.PositiveSmallIntegerField(default=24)),
                ("since", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "To be done"), ("held", "Done"), ("waived", "Waived"), ("missed", "Missed")],
                        default="open",
                        max_length=6,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("evidence", opsportal.privacy.fields.GuardedTextField(blank=True)),
                (
                    "duty",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="occurrences", to="incidents.duty"
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="occurrence_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("duty", "due_at"), name="occurrence_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("duty",), name="occurrence_one_open"
                    ),
                ],
            },
        ),
        migrations.RunPython(add, migrations.RunPython.noop, elidable=False),
    ]
