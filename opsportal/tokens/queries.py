"""Reads of tokens."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from opsportal.models import ApiToken, User

SHOWN = 200


@dataclass(frozen=True)
class Row:
    """A token as the screen shows it; never anything of its text."""

    token: ApiToken
    is_living: bool
    is_rotated: bool

    @property
    def may_rotate(self) -> bool:
        return self.is_living and not self.is_rotated


def of(user: User, at: datetime) -> list[Row]:
    """One person's tokens, those that work first."""
    return _rows(ApiToken.objects.filter(user=user), at)


def of_others(user: User, at: datetime) -> list[Row]:
    """Everybody else's tokens that work; for admins."""
    return _rows(ApiToken.objects.exclude(user=user).filter(revoked_at=None, expires_at__gt=at), at)


def _rows(tokens: QuerySet[ApiToken], at: datetime) -> list[Row]:
    shown = tokens.select_related("user", "successor").order_by("-created_at", "-pk")[:SHOWN]
    rows = [Row(one, one.is_living(at), hasattr(one, "successor")) for one in shown]
    return sorted(rows, key=lambda row: not row.is_living)
