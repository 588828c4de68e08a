"""Let people in: one-time links, the first admin, roles."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from opsportal.accounts import sessions
from opsportal.accounts.break_glass import tell_admins
from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import LoginLink, User
from opsportal.roles import Role

LINK_LIFETIME = timedelta(hours=1)
_GONE = "This link has been used or has ended. Ask for a new one with: bin/manage login_link --user NAME"


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def offer_setup(*, at: datetime) -> str | None:
    """A token for the first admin's set-up page, or None when an admin exists. An older offer ends."""
    if User.objects.admins().exists():
        return None
    LoginLink.objects.filter(purpose=LoginLink.Purpose.SETUP, used_at=None).update(used_at=at)
    audit.record("setup_link.offer", by="shell")
    return _new_link(LoginLink.Purpose.SETUP, user=None, by="shell", at=at)


@transaction.atomic
def offer_login(user: User, *, by: str, at: datetime, skips_factor: bool = False) -> str:
    """A token that lets this person in once within the hour. Older links of the same person end.

    One that skips the second factor is break-glass: only a shell on the host makes it, and every admin hears of it.
    """
    if not user.is_active:
        raise Refused("USER_INACTIVE", f"{user.username} is deactivated. Activate the account first.")
    LoginLink.objects.filter(user=user, used_at=None).update(used_at=at)
    audit.record("login_link.offer", by=by, object=user.username, reason="break-glass" if skips_factor else "")
    return _new_link(LoginLink.Purpose.LOGIN, user=user, by=by, at=at, skips_factor=skips_factor)


def _new_link(purpose: str, *, user: User | None, by: str, at: datetime, skips_factor: bool = False) -> str:
    token = secrets.token_urlsafe(32)
    LoginLink.objects.create(
        purpose=purpose,
        user=user,
        token_hash=token_hash(token),
        created_by=by,
        skips_factor=skips_factor,
        created_at=at,
        expires_at=at + LINK_LIFETIME,
    )
    return token


def open_link(token: str, purpose: str, *, at: datetime) -> LoginLink | None:
    """The link behind a token if it still works; looking does not use it up, since mail scanners look too."""
    link = LoginLink.objects.filter(token_hash=token_hash(token), purpose=purpose).select_related("user").first()
    return link if link and link.is_open(at) and (link.user is None or link.user.is_active) else None


@transaction.atomic
def redeem(token: str, *, at: datetime) -> LoginLink:
    """Use a sign-in link up; exactly one of two simultaneous tries gets in."""
    link = open_link(token, LoginLink.Purpose.LOGIN, at=at)
    if link is None or not LoginLink.objects.filter(pk=link.pk, used_at=None).update(used_at=at) or link.user is None:
        raise Refused("LINK_GONE", _GONE)
    audit.record("login_link.use", by=link.user.username, object=link.user.username)
    if link.skips_factor:
        tell_admins(link.user, "used a break-glass link", at=at)
    return link


@transaction.atomic
def set_time_zone(person: User, *, to: str) -> None:
    """The zone in which this person's own times are also said."""
    person.time_zone = to
    person.save(update_fields=["time_zone"])


@transaction.atomic
def create_first_admin(token: str, *, username: str, password: str, email: str, at: datetime) -> User:
    """Use the set-up link up and make the admin; refused once an admin exists."""
    link = open_link(token, LoginLink.Purpose.SETUP, at=at)
    if link is None or not LoginLink.objects.filter(pk=link.pk, used_at=None).update(used_at=at):
        raise Refused("LINK_GONE", "This set-up link has been used or has ended. Start bin/up again for a new one.")
    if User.objects.admins().exists():
        raise Refused("ALREADY_SET_UP", "An admin exists already. Sign in instead.")
    admin = User.objects.add(username, Role.ADMIN, email)
    admin.set_password(password)
    admin.save(update_fields=["password"])
    audit.record("user.first_admin", by=username, object=username)
    return admin


@transaction.atomic
def add_person(*, username: str, email: str, role: str, by: User, at: datetime) -> tuple[User, str]:
    """A new person and the token of the link that lets them in."""
    person = User.objects.add(username, Role(role), email)
    audit.record("user.add", by=by.username, object=f"{username} as {role}")
    return person, offer_login(person, by=by.username, at=at)


@transaction.atomic
def change_role(person: User, *, to: str, by: User, at: datetime) -> None:
    """Give another role; the person's sessions end, so that nothing is done under the old one."""
    person = _locked(person)
    if person == by:
        raise Denied("NOT_YOURSELF", "You cannot change your own role. Ask another admin.")
    _keep_an_admin(person, stays=Role(to) is Role.ADMIN)
    _require_still_admin(by)
    before, person.role = person.role, Role(to)
    person.save(update_fields=["role"])
    end_sessions(person)
    audit.record("user.role", by=by.username, object=f"{person.username} {before} -> {to}")


@transaction.atomic
def deactivate(person: User, *, by: User, at: datetime) -> None:
    """Shut a person out at once: no new sign-in, no living session, no open link."""
    person = _locked(person)
    if person == by:
        raise Denied("NOT_YOURSELF", "You cannot deactivate yourself. Ask another admin.")
    _keep_an_admin(person, stays=False)
    _require_still_admin(by)
    person.is_active = False
    person.save(update_fields=["is_active"])
    LoginLink.objects.filter(user=person, used_at=None).update(used_at=at)
    end_sessions(person)
    audit.record("user.deactivate", by=by.username, object=person.username)


@transaction.atomic
def activate(person: User, *, by: User, at: datetime) -> None:
    """Let a deactivated person sign in again."""
    person = _locked(person)
    _require_still_admin(by)
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit.record("user.activate", by=by.username, object=person.username)


def end_sessions(person: User) -> int:
    """Log this person out everywhere; returns how many sessions ended."""
    return sessions.forget_all(person)


def _locked(person: User) -> User:
    """The person and every admin, in the order of keys: two who remove each other wait and never deadlock."""
    rows = User.objects.filter(Q(pk=person.pk) | Q(role=Role.ADMIN)).select_for_update().order_by("pk")
    return next(one for one in rows if one.pk == person.pk)


def _require_still_admin(by: User) -> None:
    """Asked under the lock: somebody may have taken the role away since the page was opened."""
    if not User.objects.admins().filter(pk=by.pk).exists():
        raise Denied("NO_LONGER_ADMIN", "You are no longer an admin.")


def _keep_an_admin(person: User, *, stays: bool) -> None:
    """The portal is never left without somebody who can let others in."""
    admins = list(User.objects.admins().values_list("pk", flat=True))
    if not stays and admins == [person.pk]:
        raise Denied("LAST_ADMIN", "This is the last admin. Make somebody else admin first.")
