"""An admin seeing the portal as somebody else: who, as whom, why, from when until when."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from opsportal.accounts.models import User
from opsportal.privacy.fields import GuardedTextField


class Viewing(models.Model):
    """One view-as. Read-only and bound to the admin's session; both ends stand in the audit log."""

    class End(models.TextChoices):
        STOPPED = "stopped", "Stopped"
        EXPIRED = "expired", "The time was over"
        SIGN_OUT = "sign_out", "Signed out"
        REPLACED = "replaced", "Another one began"
        WITHDRAWN = "withdrawn", "No longer allowed"

    admin = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    viewed = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = GuardedTextField(max_length=500)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=16, choices=End.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["admin"], condition=Q(ended_at=None), name="view_as_one_at_a_time"),
            models.CheckConstraint(condition=~Q(admin=F("viewed")), name="view_as_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.admin} as {self.viewed}"
