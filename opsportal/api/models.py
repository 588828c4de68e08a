"""What the API remembers: answers to repeat, and how often somebody asked in this minute."""

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, written in the transaction of the act itself."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    # SHA-256 of method, address and body: the same key with other content is refused.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kept_answer_once")]
        indexes = [
            # Read by the sweep: what is older than a day.
            models.Index(fields=["created_at"], name="kept_answer_old"),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class RequestCount(models.Model):
    """How many requests somebody made in one minute. `who` is a keyed hash, never an address. Unlogged in PostgreSQL:
    losing it in a crash costs nothing, and a count costs no flush to disk."""

    who = models.CharField(max_length=64)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["who", "minute"], name="request_count_once")]
        indexes = [
            # Read by the sweep: minutes that are over.
            models.Index(fields=["minute"], name="request_count_old"),
        ]

    def __str__(self) -> str:
        return f"{self.count} in {self.minute:%H:%M}"
