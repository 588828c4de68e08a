"""What a browser is told by a production portal, and what nobody talks the portal into."""

import json
import os

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from opsportal import env
from opsportal.celery import app
from tests.portals import run_python

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk before the night shift"
# A settings module knows one posture a process, so the portal on https is another process on the same database.
ASK = """
import json, django
django.setup()
from django.test import Client
answer = Client().get("/login/", secure=True, headers={"Host": "ops.example.org"})
cookies = {name: [one["path"], one["domain"], one["secure"], one["samesite"], one["httponly"]]
           for name, one in answer.cookies.items()}
from django.conf import settings
print(json.dumps([answer.status_code, dict(answer.headers), cookies, settings.SESSION_COOKIE_NAME]))
"""


def test_a_portal_on_https_sends_its_cookies_and_headers_as_strict_as_they_go():
    given = {name: f"marker-of-{name.lower()}" for name in env.REQUIRED_ALWAYS} | {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "ALLOWED_HOSTS": "ops.example.org",
        "BASE_URL": "https://ops.example.org",
        "ENVIRONMENT": "production",
        "DJANGO_SETTINGS_MODULE": "opsportal.settings",
    }

    ended = run_python("-c", ASK, environment=given)

    assert ended.returncode == 0, ended.stderr
    status, headers, cookies, session = json.loads(ended.stdout.splitlines()[-1])
    assert status == 200
    assert session == "__Host-session"
    assert cookies == {"__Host-csrf": ["/", "", True, "Lax", True]}
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert {"no-store", "private"} <= set(headers["Cache-Control"].split(", "))
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not {"Server", "X-Powered-By"} & set(headers)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_signing_in_or_proving_it(admin, client_as, elsewhere):
    cache.clear()
    admin.set_password(PASSWORD)
    admin.save()
    browser = client_as(admin)

    came_in = Client().post("/login/", {"login": "admin", "password": PASSWORD, "next": elsewhere})
    proved = browser.post("/account/again/", {"password": PASSWORD, "next": elsewhere})

    assert came_in.status_code == proved.status_code == 302
    assert came_in["Location"].startswith("/") and "evil" not in came_in["Location"]
    assert proved["Location"].startswith("/") and "evil" not in proved["Location"]


def test_a_statement_that_runs_long_is_ended_and_tasks_carry_json_only():
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("5s",)
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
