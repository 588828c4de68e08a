"""Second factors: who has which, who needs one, and taking them away when a phone is lost."""

from collections import defaultdict

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from opsportal.audit import actions as audit
from opsportal.errors import Denied
from opsportal.models import User
from opsportal.roles import Role
from opsportal.secrets.sealed import Sealed

REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_CLOSED = ("secret", "seed")
WORDS = {Authenticator.Type.TOTP: "App", Authenticator.Type.WEBAUTHN: "Passkey"}


def has_factor(person: User) -> bool:
    """True with an authenticator app or a passkey; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=person, type__in=REAL).exists())


def needs_factor(person: User) -> bool:
    """Publishers and admins, where the installation asks for it."""
    return bool(settings.MFA_REQUIRED) and Role(person.role).rank >= Role.PUBLISHER.rank


def factors_of(people: list[User]) -> dict[int, list[str]]:
    """Words for each person's factors, by the person's key: App, Passkey."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Authenticator.objects.filter(user__in=people, type__in=REAL).order_by("type").values_list("user_id", "type")
    for person, kind in rows:
        if WORDS[kind] not in found[person]:
            found[person].append(WORDS[kind])
    return found


def close_again() -> int:
    """Close the keys of apps and the seeds of recovery codes under the newest key; part of every rotation."""
    return sum(_close_again(pk) for pk in list(Authenticator.objects.values_list("pk", flat=True)))


def open_all() -> int:
    """How many of them the keys open; Refused at the first one that they do not. Part of proving a backup."""
    rows = Authenticator.objects.order_by("pk").values_list("data", flat=True)
    return sum(bool(Sealed(data[name]).open()) for data in rows for name in _CLOSED if data.get(name))


@transaction.atomic
def _close_again(pk: int) -> int:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    held = [name for name in _CLOSED if row and name in row.data]
    for name in held:
        row.data[name] = Sealed(row.data[name]).again().token
    if held:
        row.save(update_fields=["data"])
    return len(held)


@transaction.atomic
def reset(person: User, *, by: User) -> int:
    """Take all factors of a person away, so that they set up new ones; returns how many."""
    if person == by:
        raise Denied("NOT_YOURSELF", "Change your own second factor on your account page.")
    count: int = Authenticator.objects.filter(user=person).delete()[0]
    audit.record("mfa.reset", by=by.username, object=person.username)
    return count
