"""Who owns what: the domains that everything else refers to, and the house's contacts."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from opsportal.errors import Refused
from opsportal.privacy.fields import GuardedTextField

handle_validator = RegexValidator(
    r"^@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "A handle begins with @, such as @sre-oncall; letters, digits, dot, - and _."
)


def require_handle(owner: str) -> None:
    """Refuse an owner that is no handle: nobody could be found behind it."""
    try:
        handle_validator(owner)
    except ValidationError as wrong:
        raise Refused("OWNER_UNKNOWN", " ".join(wrong.messages)) from wrong


class Domain(models.Model):
    """A part of the house with an owner. `version` guards against two people editing the same row."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    primary = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    backup = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    contact = GuardedTextField("where to reach them", blank=True, max_length=200)
    # What belongs to it, in a few words: "Gateway, DNS, backups".
    services = GuardedTextField(blank=True, max_length=300)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Domain]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """One of the house's four contacts of the day-1 playbook; empty until somebody fills it."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    handle = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    note = GuardedTextField(blank=True, max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Contact]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """Where to look: logs, metrics or traces of a domain, or of the whole house, as a link."""

    class Kind(models.TextChoices):
        LOGS = "logs", "Logs"
        METRICS = "metrics", "Metrics"
        TRACES = "traces", "Traces"
        OTHER = "other", "Other"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.PROTECT, related_name="places")
    name = GuardedTextField(max_length=80)
    url = models.URLField(max_length=500)
    note = GuardedTextField(blank=True, max_length=200)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager[Place]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"

    @property
    def icon(self) -> str:
        """The sign beside it."""
        return {"logs": "list-details", "metrics": "chart-line", "traces": "git-branch"}.get(self.kind, "external-link")
