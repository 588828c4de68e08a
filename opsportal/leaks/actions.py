"""After a secret got out: everybody out, every token dead, a new signing key. Counts only; audited."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from opsportal.accounts import sessions
from opsportal.audit import actions as audit
from opsportal.leaks import endings
from opsportal.leaks.endings import Ended
from opsportal.models import LoginLink, User
from opsportal.processes import write_privately
from opsportal.tokens import actions as tokens


@dataclass(frozen=True)
class LeakReport:
    """What was ended. `signing_key` is `renewed` (counts from the next start) or `external` (yours to renew)."""

    sessions: int
    tokens: int
    links: int
    signing_key: str
    # What rooms above ended of their own.
    more: tuple[Ended, ...] = ()


@transaction.atomic
def invalidate_all_sessions(*, by: str, at: datetime) -> int:
    """Log everybody out at once; how many sessions that were."""
    count, _ = Session.objects.all().delete()
    UserSession.objects.all().delete()
    audit.record("session.invalidate_all", by=by, object="everybody", reason=f"{count} ended")
    return count


@transaction.atomic
def invalidate_sessions_of(person: User, *, by: str, at: datetime) -> int:
    """Log one person out everywhere; how many sessions that were."""
    count = sessions.forget_all(person)
    audit.record("session.invalidate", by=by, object=person.username, reason=f"{count} ended")
    return count


@transaction.atomic
def respond(*, by: str, reason: str, at: datetime) -> LeakReport:
    """The whole answer to a leak in one act. Safe to run twice; the second time there is little left to end."""
    ended = invalidate_all_sessions(by=by, at=at)
    revoked = tokens.revoke_all(by=by, at=at)
    links = LoginLink.objects.filter(used_at=None).update(used_at=at)
    more = endings.end_all(at)
    report = LeakReport(ended, revoked, links, signing_key=_renew_signing_key(), more=more)
    audit.record("leak.respond", by=by, object="everybody", reason=reason)
    return report


def _renew_signing_key() -> str:
    """A new key in the data folder, when the one in use is from there; it counts from the next start on."""
    file = Path(settings.DATA_DIR) / "secret_key"
    if not file.exists() or file.read_text().strip() != settings.SECRET_KEY:
        return "external"
    write_privately(file, f"{secrets.token_urlsafe(48)}\n")
    return "renewed"
