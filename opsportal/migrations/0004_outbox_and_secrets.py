"""Destinations, ways out with circuit and budget, and the proof of the keys; messages know their event and way."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import opsportal.secrets.sealed

_NOW = django.db.models.functions.datetime.Now()
_CHANNELS = [
    ("slack", "Slack-compatible webhook"),
    ("email", "E-mail"),
    ("github", "GitHub issue"),
    ("webhook", "Signed webhook"),
]
_ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

# Messages of before leave by the ways of the environment; there were no others.
FILL = """
INSERT INTO opsportal_route (name, failures, opened, sent_in_minute, per_minute, last_error)
VALUES ('SLACK_WEBHOOK_URL', 0, 0, 0, 60, ''), ('EMAIL_URL', 0, 0, 0, 600, '') ON CONFLICT DO NOTHING;
UPDATE opsportal_delivery
SET event = key, route = CASE channel WHEN 'slack' THEN 'SLACK_WEBHOOK_URL' ELSE 'EMAIL_URL' END;
"""


class Migration(migrations.Migration):
    dependencies = [("opsportal", "0003_break_glass")]

    operations = [
        migrations.CreateModel(
            name="KeyProof",
            fields=[
                _ID,
                ("proof", opsportal.secrets.sealed.SecretField()),
                ("made_at", models.DateTimeField(db_default=_NOW, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Destination",
            fields=[
                _ID,
                ("name", models.CharField(max_length=64, unique=True)),
                ("channel", models.CharField(choices=_CHANNELS, max_length=8)),
                ("address", opsportal.secrets.sealed.SecretField()),
                ("credentials", opsportal.secrets.sealed.SecretField(blank=True)),
                ("is_active", models.BooleanField(default=True)),
                ("created_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(db_default=_NOW, editable=False)),
                ("credentials_set_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                _ID,
                ("name", models.CharField(max_length=40, unique=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("opened", models.PositiveSmallIntegerField(default=0)),
                ("open_until", models.DateTimeField(null=True)),
                ("trial_until", models.DateTimeField(null=True)),
                ("minute", models.DateTimeField(null=True)),
                ("sent_in_minute", models.PositiveIntegerField(default=0)),
                ("per_minute", models.PositiveIntegerField(default=60)),
                ("last_error", models.CharField(blank=True, max_length=32)),
                ("last_sent_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AlterField("delivery", "channel", models.CharField(choices=_CHANNELS, max_length=8)),
        migrations.AddField("delivery", "event", models.CharField(blank=True, default="", max_length=128), False),
        migrations.AddField("delivery", "because", models.CharField(blank=True, default="", max_length=200), False),
        migrations.AddField(
            "delivery",
            "to",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="opsportal.destination"
            ),
        ),
        migrations.AddField("delivery", "route", models.CharField(default="", max_length=40)),
        migrations.AddField(
            "delivery",
            "priority",
            models.PositiveSmallIntegerField(
                choices=[(1, "Written by a person"), (5, "Made by the portal")], default=5
            ),
        ),
        migrations.AddField(
            "delivery",
            "act",
            models.CharField(choices=[("tell", "Tell"), ("close", "Close the issue")], default="tell", max_length=8),
        ),
        migrations.AddField("delivery", "give_up_at", models.DateTimeField(null=True)),
        migrations.AddField("delivery", "lease_token", models.UUIDField(null=True)),
        migrations.AddField("delivery", "failed_at", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveIndex("delivery", "delivery_due"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=models.Q(("state", "waiting")), fields=["route", "priority", "due_at"], name="delivery_due"
            ),
        ),
        migrations.AddIndex("delivery", models.Index(fields=["event"], name="delivery_event")),
    ]
