"""The daily sheet: one row a signed day and one an answer, which nobody can change."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import opsportal.privacy.fields
from opsportal.append_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [
        ("checks", "0013_objectives"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailySheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(unique=True)),
                ("figures", models.JSONField()),
                ("note", opsportal.privacy.fields.GuardedTextField(blank=True, max_length=1000)),
                ("signed_at", models.DateTimeField()),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DailyAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.CharField(max_length=16)),
                ("question", models.CharField(max_length=200)),
                (
                    "answer",
                    models.CharField(
                        choices=[("yes", "Yes"), ("no", "No"), ("not_looked", "Not looked")], max_length=16
                    ),
                ),
                ("note", opsportal.privacy.fields.GuardedTextField(blank=True, max_length=200)),
                (
                    "sheet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="checks.dailysheet"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sheet", "line"), name="daily_answer_once")],
            },
        ),
        *(migrations.RunSQL(protect(table), unprotect(table)) for table in ("checks_dailysheet", "checks_dailyanswer")),
    ]
