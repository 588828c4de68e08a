"""The audit log: who did what, when, to what, why and with which result. Append-only by trigger (migration 0002)."""

from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One sensitive act, done or denied. Holds names and tokens, never a secret and never free text from outside."""

    class Result(models.TextChoices):
        OK = "ok", "Done"
        DENIED = "denied", "Denied"
        FAILED = "failed", "Failed"

    class Source(models.TextChoices):
        WEB = "web", "Web"
        API = "api", "API"
        COMMAND = "command", "Command"
        SYSTEM = "system", "Portal"

    at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.CharField(max_length=64)
    act = models.CharField(max_length=64)
    object = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.OK)
    request_id = models.CharField(max_length=64, blank=True)
    # By which door it came; empty in rows of before there was this column. The database fills it in for older code.
    source = models.CharField(max_length=8, choices=Source.choices, blank=True, db_default="")

    class Meta:
        indexes = [
            # Read by the audit screen: newest first.
            models.Index(fields=["-at"], name="audit_newest"),
            # Read by the audit screen when it is asked for one person, or one act.
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["act", "-id"], name="audit_act"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.act} {self.object} {self.result}"
