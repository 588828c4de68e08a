"""Make, rotate, revoke and recognise tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import ApiToken, User
from opsportal.privacy import guard
from opsportal.roles import Role
from opsportal.tokens import scopes as table
from opsportal.tokens import secret

LONGEST = timedelta(days=366)
LONGEST_OVERLAP = timedelta(days=7)
LIVING_AT_MOST = 50
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Issued:
    """A new token's row and its text, which exists nowhere else."""

    token: ApiToken
    text: str


@transaction.atomic
def issue(user: User, *, name: str, scopes: Iterable[str], lifetime: timedelta, by: str, at: datetime) -> Issued:
    """A token for this person, within what their role reaches."""
    guard.require_clean(name)
    user = User.objects.select_for_update().get(pk=user.pk)
    wanted = _checked(scopes, user)
    if not user.is_active:
        raise Refused("USER_INACTIVE", f"{user.username} is deactivated. Activate the account first.")
    if not timedelta() < lifetime <= LONGEST:
        raise Refused("LIFETIME_OUT_OF_RANGE", f"A token lives for {LONGEST.days} days at most.")
    if ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=at).count() >= LIVING_AT_MOST:
        raise Refused("TOO_MANY_TOKENS", f"{user.username} has {LIVING_AT_MOST} tokens already. Revoke one first.")
    issued = _new(user, name=name, scopes=wanted, expires_at=at + lifetime, by=by, at=at)
    audit.record("token.issue", by=by, object=f"{_said(issued.token)} for {user.username}", reason=" ".join(wanted))
    return issued


@transaction.atomic
def rotate(token: ApiToken, *, overlap: timedelta, by: User, at: datetime) -> Issued:
    """A successor with the same scopes and as long a life; the old one ends after `overlap`, at once when it is 0.

    Scopes that no longer exist stay behind: nothing asks for them any more, and nobody could choose others here.
    """
    token = _locked(token)
    if not token.is_living(at):
        raise Refused("TOKEN_ENDED", "This token has ended already. Make a new one.")
    if ApiToken.objects.filter(replaces=token).exists():
        raise Refused("ALREADY_ROTATED", "This token has a successor already. Rotate that one.")
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Refused("OVERLAP_OUT_OF_RANGE", f"Both may work side by side for {LONGEST_OVERLAP.days} days at most.")
    living = [name for name in token.scopes if name in table.BY_NAME]
    if not living:
        raise Refused("SCOPES_GONE", "None of this token's scopes exists any more. Make a new one.")
    wanted = _checked(living, token.user)
    lifetime = token.expires_at - token.created_at
    issued = _new(
        token.user, name=token.name, scopes=wanted, expires_at=at + lifetime, by=by.username, at=at, replaces=token
    )
    token.expires_at = min(token.expires_at, at + overlap)
    token.save(update_fields=["expires_at"])
    audit.record("token.rotate", by=by.username, object=f"{_said(token)} -> {_said(issued.token)}")
    return issued


@transaction.atomic
def revoke(token: ApiToken, *, by: User, at: datetime, reason: str = "") -> None:
    """End a token with the next request; nothing caches it. Safe to run twice."""
    token = _locked(token)
    if token.user_id != by.pk and not by.has_role(Role.ADMIN):
        raise Denied("NOT_YOURS", "Only its owner or an admin may revoke a token.")
    if token.revoked_at is not None:
        return
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    audit.record("token.revoke", by=by.username, object=f"{_said(token)} of {token.user.username}", reason=reason)


@transaction.atomic
def revoke_all(*, by: str, at: datetime, user: User | None = None) -> int:
    """End every living token, or one person's; returns how many. For leaks."""
    living = ApiToken.objects.filter(revoked_at=None, expires_at__gt=at)
    if user is not None:
        living = living.filter(user=user)
    count = living.update(revoked_at=at)
    audit.record("token.revoke_all", by=by, object=user.username if user else "everybody", reason=f"{count} ended")
    return count


def recognise(text: str, *, at: datetime) -> ApiToken | None:
    """The living token of an active person behind the text; one query, asked anew with every request."""
    if not secret.is_well_formed(text):
        return None
    token = ApiToken.objects.filter(token_hash=secret.digest(text), user__is_active=True).select_related("user").first()
    if token is None or not token.is_living(at):
        return None
    _note_use(token, at)
    return token


def _note_use(token: ApiToken, at: datetime) -> None:
    stale = at - _NOTED_EVERY
    if token.last_used_at is None or token.last_used_at <= stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=stale)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=at)


def _checked(wanted: Iterable[str], user: User) -> list[str]:
    """The scopes in the order of the table, each known and within the person's role."""
    names = set(wanted)
    known = ", ".join(table.BY_NAME)
    if not names or names - table.BY_NAME.keys():
        raise Refused("UNKNOWN_SCOPE", f"Choose one or more of these scopes: {known}.")
    above = sorted(names - {scope.name for scope in table.within(user.role)})
    if above:
        role = Role(user.role).label.lower()
        raise Refused("SCOPE_ABOVE_ROLE", f"The role {role} does not reach {', '.join(above)}.")
    return [name for name in table.BY_NAME if name in names]


def _new(
    user: User,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    by: str,
    at: datetime,
    replaces: ApiToken | None = None,
) -> Issued:
    text = secret.generate()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scopes=scopes,
        token_hash=secret.digest(text),
        created_by=by,
        created_at=at,
        expires_at=expires_at,
        replaces=replaces,
    )
    return Issued(token, text)


def _locked(token: ApiToken) -> ApiToken:
    return ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)


def _said(token: ApiToken) -> str:
    """How the audit log names a token: by its number, since people may give the same name twice."""
    return f"token {token.pk} {token.name}"[:90]
