"""Who a request comes from: its session and its person, read before every page and every poll.

Both are Django's own (database sessions) and allauth's (the backend); only the queries are worded once, because writing
them took longer than a poll without news may take in all (docs/decisions/0017-fast-lists-and-search.md).
"""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from opsportal.models import User
from opsportal.questions import given, worded


class SessionStore(db.SessionStore):
    """Sessions in PostgreSQL: they live when Redis is lost, and end when their row goes."""

    def _get_session_from_db(self) -> Session | None:
        found = _living().models(key=self.session_key, at=timezone.now())
        if found:
            return found[0]
        self._session_key = None
        return None


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]
    """Names, passwords and what may follow from them are allauth's."""

    def get_user(self, user_id: int) -> User | None:
        found = _person().models(pk=int(user_id))
        return found[0] if found and self.user_can_authenticate(found[0]) else None


@worded
def _living() -> "QuerySet[Session]":
    return Session.objects.filter(session_key=given("key"), expire_date__gt=given("at"))


@worded
def _person() -> "QuerySet[User]":
    return User.objects.filter(pk=given("pk"))
