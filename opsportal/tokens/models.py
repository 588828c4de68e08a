"""API tokens: only the SHA-256 of each is kept."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Filters over tokens."""

    def living(self, at: datetime) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=at)

    def newest_first(self) -> ApiTokenQuerySet:
        return self.order_by("-created_at", "-pk")


class ApiToken(models.Model):
    """What a program shows instead of a password. It acts for its owner and never beyond the owner's role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=32))
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # The one this took over from; that one keeps working until its own, earlier end.
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="successor")

    objects: ClassVar[models.Manager[ApiToken]] = ApiTokenQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by the Tokens screen: one person's, newest first.
            models.Index(fields=["user", "-created_at"], name="api_token_of"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"

    def is_living(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at
