"""Living sessions: where somebody is signed in, and ending that."""

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from opsportal.audit import actions as audit
from opsportal.models import User

_BROWSERS = ("Edg", "OPR", "Opera", "Firefox", "Chrome", "Safari")
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))
_NAMES = {"Edg": "Edge", "OPR": "Opera"}


@dataclass(frozen=True)
class SignedIn:
    """One living session as its owner and the admins see it; the address is a network, never a machine."""

    pk: int
    where: str
    network: str
    since: datetime
    seen: datetime
    is_current: bool


def living(person: User, *, current: str = "") -> list[SignedIn]:
    """Newest first; rows whose session has ended are not shown. `current` is the key of the asking session."""
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at"))
    alive = set(Session.objects.filter(pk__in=[row.session_key for row in rows]).values_list("pk", flat=True))
    return [
        SignedIn(
            row.pk, _browser(row.user_agent), str(row.ip), row.created_at, row.last_seen_at, row.session_key == current
        )
        for row in rows
        if row.session_key in alive
    ]


def keep_browser_only(sender: object, instance: UserSession, **_: object) -> None:
    """Before a row is saved, by us or by allauth: the header may hold anything, its name and system say enough."""
    instance.user_agent = _browser(instance.user_agent)


def note_seen(person: User, key: str, *, network: str, user_agent: str, at: datetime) -> None:
    """Write down that a session lives; at most once a minute for each (the middleware sees to that)."""
    UserSession.objects.update_or_create(
        session_key=key,
        defaults={"user": person, "last_seen_at": at},
        create_defaults={
            "user": person,
            "ip": network,
            "user_agent": user_agent,
            "created_at": at,
            "last_seen_at": at,
        },
    )


@transaction.atomic
def end(person: User, *, chosen: str, by: User) -> bool:
    """End the session of a person with this key; False when it is none, not theirs or already over."""
    is_key = chosen.isdecimal() and len(chosen) < 19  # so many digits a key can have
    row = UserSession.objects.filter(user=person, pk=int(chosen)).first() if is_key else None
    if row is None:
        return False
    Session.objects.filter(pk=row.session_key).delete()
    row.delete()
    audit.record("session.revoke", by=by.username, object=person.username)
    return True


@transaction.atomic
def end_all(person: User, *, by: User, but: str = "") -> int:
    """End every session of a person but the one with this key; returns how many there were."""
    ended = forget_all(person, but=but)
    audit.record("session.revoke_all", by=by.username, object=f"{person.username}: {ended}")
    return ended


def forget_all(person: User, *, but: str = "") -> int:
    """Without a word in the audit log, for acts that write their own. A session that no row knows yet ends too."""
    rows = UserSession.objects.filter(user=person).exclude(session_key=but)
    known = set(rows.values_list("session_key", flat=True))
    tracked = set(UserSession.objects.values_list("session_key", flat=True))
    untracked = Session.objects.exclude(pk__in=tracked).exclude(pk=but)
    known |= {one.pk for one in untracked.iterator() if one.get_decoded().get("_auth_user_id") == str(person.pk)}
    rows.delete()
    return Session.objects.filter(pk__in=known).delete()[0]


def _browser(user_agent: str) -> str:
    """Firefox on Linux, from what a browser says of itself.

    >>> _browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> _browser("Firefox on Linux")
    'Firefox on Linux'
    """
    name = next((one for one in _BROWSERS if re.search(rf"\b{one}", user_agent)), "")
    system = next((words for mark, words in _SYSTEMS if mark in user_agent), "Linux" if "Linux" in user_agent else "")
    return " on ".join(filter(None, (_NAMES.get(name, name), system))) or "A program"
