"""Who a request comes from: its session and its person, read before every page and every poll, in one question.

Both are Django's own (database sessions) and allauth's (the backend, and which session is whose); only the queries are
worded once, because writing them took longer than a poll without news may take in all
(docs/decisions/0017-fast-lists-and-search.md).
"""

from contextvars import ContextVar
from functools import cache

from allauth.account.auth_backends import AuthenticationBackend
from allauth.usersessions.models import UserSession
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from opsportal.models import User
from opsportal.questions import given, planned_once, read_moments, worded


class SessionStore(db.SessionStore):
    """Sessions in PostgreSQL: they live when Redis is lost, and end when their row goes.

    `person` is who was seen in the session, as the same question found them; None until a session was seen once. It
    proves nothing: who is signed in stands in the session itself, and Django judges that.
    """

    person: User | None = None

    def _get_session_from_db(self) -> Session | None:
        key = str(self.session_key)
        with planned_once() as cursor:
            read_moments(cursor)
            cursor.execute(_living(), {"key": key, "at": timezone.now()})
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return None
        if found[1] is not None:
            self.person = User.from_db(DEFAULT_DB_ALIAS, _columns(), found[1:])
        return Session(session_key=key, session_data=found[0])


_asking: ContextVar[SessionStore | None] = ContextVar("asking", default=None)


class PersonMiddleware(AuthenticationMiddleware):
    """`request.user` as Django finds and judges it, from the row that came with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person_of(request))  # type: ignore[assignment]


def _person_of(request: HttpRequest) -> object:
    token = _asking.set(request.session)  # type: ignore[arg-type]
    try:
        return get_user(request)
    finally:
        _asking.reset(token)


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]
    """Names, passwords and what may follow from them are allauth's."""

    def get_user(self, user_id: int) -> User | None:
        session = _asking.get()
        person = session.person if session is not None else None
        if person is None or person.pk != int(user_id):
            person = next(iter(_person().models(pk=int(user_id))), None)
        return person if person is not None and self.user_can_authenticate(person) else None


@cache
def _living() -> str:
    """The ORM knows no way from a session to its person: Django's table and allauth's have no key in common for it."""
    person = ", ".join(f'u."{field.column}"' for field in User._meta.concrete_fields)
    return f"""
    SELECT s.session_data, {person}
    FROM "{Session._meta.db_table}" s LEFT JOIN "{UserSession._meta.db_table}" k USING (session_key)
         LEFT JOIN "{User._meta.db_table}" u ON u.id = k.user_id
    WHERE s.session_key = %(key)s AND s.expire_date > %(at)s
    """  # noqa: S608 - our own names


@cache
def _columns() -> list[str]:
    return [field.attname for field in User._meta.concrete_fields]


@worded
def _person() -> "QuerySet[User]":
    return User.objects.filter(pk=given("pk"))
