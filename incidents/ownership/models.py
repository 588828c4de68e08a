"""Who owns what: the domains that everything else refers to, and the house's contacts."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from opsportal.privacy.fields import GuardedTextField

handle_validator = RegexValidator(
    r"^@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "A handle begins with @, such as @sre-oncall; letters, digits, dot, - and _."
)


class Domain(models.Model):
    """A part of the house with an owner. `version` guards against two people editing the same row."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    primary = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    backup = models.CharField(max_length=64, validators=[handle_validator], blank=True)
    contact = GuardedTextField("where to reach them", blank=True, max_length=200)
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
