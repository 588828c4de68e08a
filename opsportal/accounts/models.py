"""People who may sign in, and the one-time links that let them in."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import UserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from opsportal.roles import Role

# How the audit log names those who are nobody on the team.
_NOT_PEOPLE = frozenset({"anonymous", "portal", "shell", "unknown"})


class PersonQuerySet(models.QuerySet["User"]):
    """Filters over people."""

    def active(self) -> PersonQuerySet:
        return self.filter(is_active=True)

    def admins(self) -> PersonQuerySet:
        return self.active().filter(role=Role.ADMIN)


class PersonManager(UserManager["User"]):
    """Makes people; nobody is a superuser, because Django's admin is not part of the house."""

    def get_queryset(self) -> PersonQuerySet:
        return PersonQuerySet(self.model, using=self._db)

    def admins(self) -> PersonQuerySet:
        return self.get_queryset().admins()

    def add(self, username: str, role: Role, email: str = "") -> User:
        """Make a person who can sign in only by a one-time link until a password is set."""
        person = self.model(username=username, role=role, email=self.normalize_email(email))
        person.set_unusable_password()
        person.full_clean(validate_unique=False)  # the database sees to it, also for two at the same moment
        person.save(using=self._db)
        return person


class User(AbstractBaseUser):
    """A person on the team. The username is the handle others see, such as `sre-oncall`."""

    username = models.CharField(
        "name",
        max_length=64,
        unique=True,
        validators=[ASCIIUsernameValidator()],
        help_text="A handle such as sre-oncall; letters, digits and @ . + - _ only.",
        error_messages={"unique": "Somebody already has this name. Choose another."},
    )
    email = models.EmailField("e-mail", blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.username

    def clean(self) -> None:
        """A name means one person in the audit log: no name of the portal's own, none that differs by case only."""
        super().clean()
        twins = User.objects.filter(username__iexact=self.username).exclude(username=self.username)
        if self.username.lower() in _NOT_PEOPLE or twins.exclude(pk=self.pk).exists():
            raise ValidationError({"username": "This name would be mistaken for another. Choose one of its own."})

    def has_role(self, role: Role) -> bool:
        """True when this person may do what the role may."""
        return self.is_active and Role(self.role).rank >= role.rank

    @property
    def zone(self) -> tzinfo:
        """The person's own time zone; UTC when this machine no longer knows it."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def get_short_name(self) -> str:
        return self.username


class LoginLink(models.Model):
    """A one-time way in: only the hash of its token is kept, it ends after an hour and works once."""

    class Purpose(models.TextChoices):
        SETUP = "setup", "First admin"
        LOGIN = "login", "Sign in"

    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="login_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=64, default="shell")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    skips_factor = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # Read by the People screen: who has a link that still works.
            models.Index(fields=["user", "expires_at"], name="login_link_open", condition=models.Q(used_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} link for {self.user or 'the first admin'}"

    def is_open(self, at: datetime) -> bool:
        return self.used_at is None and at < self.expires_at
