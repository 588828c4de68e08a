"""One act on many checks is a row until it is done."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from opsportal.privacy.fields import GuardedTextField

_ACTS = [
    ("pause", "Pause"),
    ("resume", "Resume"),
    ("run", "Run"),
    ("mute", "Mute"),
    ("hear", "Hear"),
    ("move", "Move"),
    ("daily", "Mark"),
    ("archive", "Archive"),
    ("take-back", "Take back"),
]
_SOURCES = [("web", "Web"), ("api", "API"), ("command", "Command"), ("system", "Portal")]


class Migration(migrations.Migration):
    dependencies = [
        ("checks", "0011_worst_first"),
        ("incidents", "0026_page_language"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(choices=_ACTS, max_length=12)),
                ("ids", models.JSONField(default=list)),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=list)),
                ("until", models.DateTimeField(null=True)),
                ("reason", GuardedTextField(blank=True, max_length=300)),
                ("is_daily", models.BooleanField(null=True)),
                ("source", models.CharField(choices=_SOURCES, max_length=8)),
                ("created_at", models.DateTimeField()),
                ("worked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "domain",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.domain"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(ended_at=None), fields=["worked_at"], name="bulk_act_open"),
                    models.Index(fields=["-created_at"], name="bulk_act_newest"),
                ],
            },
        ),
    ]
