"""The cast, the database as the application sees it, and closed doors to the outside."""

import gc
import ipaddress
import os
import socket
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from opsportal.embedded.postgres import APPLICATION, DATABASE, OWNER
from tests import engines

if TYPE_CHECKING:
    from opsportal.accounts.models import User

_REAL_PASSWORDS = {name: getattr(Argon2PasswordHasher, name) for name in ("time_cost", "memory_cost", "parallelism")}

pytest_plugins = ["tests.targets", "tests.portals", "tests.pages", "tests.spread"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests wait for their flag."""
    for item in items:
        if item.get_closest_marker("full") and not os.environ.get("OPSPORTAL_FULL"):
            item.add_marker(pytest.mark.skip(reason="needs OPSPORTAL_FULL=1"))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no garbage is looked for in it, as in opsportal/wsgi.py."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The whole cluster is thrown away at the end; dropping the database before would need the owner again."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The database that tests/migrated.py laid there; what is left to migrate runs as the owner, as in production."""
    connections["default"].settings_dict["USER"] = OWNER
    connections["default"].settings_dict["TEST"]["NAME"] = DATABASE


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After the migrations the tests work with the application's role, so a missing or excessive right is noticed."""
    connection: Any = connections["default"]
    with django_db_blocker.unblock():
        connection.close()
    engines.current().use_database(connection.settings_dict["NAME"])
    engines.make_room_for_fixed_days()
    engines.remember_rows()
    connection.settings_dict["USER"] = APPLICATION
    # Django empties each table, then asks for every permission and content type again: a second for every such test.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: engines.restore_rows())
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2 as it is, with the least work: a quarter of a second for each password is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            patch.setattr(Argon2PasswordHasher, name, least)
        yield


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work that production does for each password."""
    for name, value in _REAL_PASSWORDS.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture(scope="session", autouse=True)
def closed_doors() -> Iterator[None]:
    """Python's sockets reach this machine only."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise OSError(f"tests do not connect to {address[0]}")
        connect(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not (_is_local(host) or _is_number(host)):
            raise socket.gaierror(socket.EAI_NONAME, f"tests do not resolve {host}")
        return resolve(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


def _is_local(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    return _is_number(name) and ipaddress.ip_address(name.partition("%")[0]).is_loopback


def _is_number(host: str | bytes) -> bool:
    """Looking up a number asks nobody; whether it may be connected to is decided when it is."""
    name = host.decode() if isinstance(host, bytes) else host
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _member(role: str) -> "User":
    from opsportal.accounts.models import User
    from opsportal.roles import Role

    return User.objects.add(role, Role(role))


@pytest.fixture
def viewer(db: None) -> "User":
    return _member("viewer")


@pytest.fixture
def responder(db: None) -> "User":
    return _member("responder")


@pytest.fixture
def publisher(db: None) -> "User":
    return _member("publisher")


@pytest.fixture
def admin(db: None) -> "User":
    return _member("admin")


def signed_in(user: "User") -> Client:
    """A browser without a screen in which somebody has just signed in.

    The session is written as signing in leaves it; the audit line and what else the act writes is not there. Every
    second test begins with this, and the act itself costs as much as the page that is asked for.
    """
    from allauth.account.internal.flows.login import record_authentication

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = "opsportal.accounts.doors.PeopleBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request = HttpRequest()
    request.session = session
    record_authentication(request, user, "password")
    # Seen a moment ago, so that no query of a page is spent on noting it.
    session["signed_in_at"] = session["seen_at"] = time.time()
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


@pytest.fixture
def client_as() -> Callable[["User"], Client]:
    return signed_in
