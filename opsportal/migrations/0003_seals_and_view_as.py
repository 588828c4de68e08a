"""The seals of the hash chains, and who saw the portal as whom."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import opsportal.privacy.fields
from opsportal.append_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("opsportal", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=16)),
                ("seq", models.BigIntegerField()),
                ("row_id", models.BigIntegerField()),
                ("form", models.PositiveSmallIntegerField(default=0)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                "indexes": [models.Index(fields=["chain", "-at", "-seq"], name="seal_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "seq"), name="seal_one_place"),
                    models.UniqueConstraint(fields=("chain", "row_id"), name="seal_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Viewing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", opsportal.privacy.fields.GuardedTextField(max_length=500)),
                (
                    "started_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("stopped", "Stopped"),
                            ("expired", "The time was over"),
                            ("sign_out", "Signed out"),
                            ("replaced", "Another one began"),
                            ("withdrawn", "No longer allowed"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "admin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "viewed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("admin",), name="view_as_one_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("admin", models.F("viewed")), _negated=True), name="view_as_somebody_else"
                    ),
                ],
            },
        ),
        migrations.AddIndex("auditevent", models.Index(fields=["actor", "-id"], name="audit_actor")),
        migrations.AddIndex("auditevent", models.Index(fields=["act", "-id"], name="audit_act")),
        migrations.RunSQL(protect("opsportal_seal"), unprotect("opsportal_seal")),
    ]
