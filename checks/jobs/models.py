"""Jobs that report by themselves: one row for each, with what was heard last and nothing else."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone


class Job(models.Model):
    """What a heartbeat or a token report has said of itself. Bodies are not kept; neither is who called.

    `ping` is the address of a heartbeat; of a report's key only the hash is there. `since` is when it began to be
    waited for.
    """

    class Status(models.TextChoices):
        OK = "ok", "Success"
        FAIL = "fail", "Failure"
        NO_DATA = "insufficient_data", "Too little data"

    check_ref = models.OneToOneField(
        "checks.Check", on_delete=models.CASCADE, related_name="job", db_column="check_id", primary_key=True
    )
    ping = models.UUIDField(unique=True, default=uuid.uuid4)
    key_hash = models.CharField(max_length=64, unique=True, null=True)
    since = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    fail_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=17, choices=Status.choices, blank=True)
    # A token of the job's own line, such as disk_full.
    reason = models.CharField(max_length=48, blank=True)
    exit_code = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.FloatField(null=True)
    # Numbers of the last token report by name.
    numbers = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Job]] = models.Manager()

    def __str__(self) -> str:
        return f"job of check {self.pk}"
