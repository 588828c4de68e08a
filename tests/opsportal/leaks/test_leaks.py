"""After a leak nothing that opened a door opens it any more, and only counts are said."""

import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from opsportal.accounts import actions as accounts
from opsportal.accounts.doors import SessionStore
from opsportal.leaks import actions
from opsportal.models import ApiToken, AuditEvent, LoginLink
from opsportal.tokens import actions as tokens

pytestmark = pytest.mark.django_db


def test_sessions_tokens_and_links_end_together(client_as, admin, responder, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    at = timezone.now()
    mine, theirs = client_as(admin), client_as(responder)
    issued = tokens.issue(responder, name="ci", scopes=["incidents:read"], lifetime=timedelta(days=1), by="x", at=at)
    link = accounts.offer_login(responder, by="shell", at=at)

    report = actions.respond(by="admin", reason="a key stood in a ticket", at=at)

    assert (report.sessions, report.tokens, report.links, report.signing_key) == (2, 1, 1, "external")
    assert mine.get("/deliveries/").status_code == theirs.get("/deliveries/").status_code == 302
    assert tokens.recognise(issued.text, at=at) is None
    assert Client().post(f"/login-link/{link}/").status_code == 410
    assert AuditEvent.objects.filter(act="leak.respond", actor="admin").exists()


def test_the_signing_key_in_the_data_folder_is_renewed(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    key: Path = tmp_path / "secret_key"
    key.write_text(settings.SECRET_KEY + "\n")

    report = actions.respond(by="shell", reason="test of the renewal", at=timezone.now())

    assert report.signing_key == "renewed"
    assert key.read_text().strip() not in {"", settings.SECRET_KEY}
    assert key.stat().st_mode & 0o077 == 0


def test_the_second_time_there_is_nothing_left(admin, client_as):
    client_as(admin)
    actions.respond(by="shell", reason="the first of two", at=timezone.now())

    report = actions.respond(by="shell", reason="the second of two", at=timezone.now())

    assert (report.sessions, report.tokens, report.links) == (0, 0, 0)


def test_ten_thousand_sessions_end_in_one_act(admin):
    data = SessionStore().encode({"_auth_user_id": str(admin.pk)})
    ends = timezone.now() + timedelta(hours=1)
    Session.objects.bulk_create(
        Session(session_key=f"{number:032}", session_data=data, expire_date=ends) for number in range(10_000)
    )
    started = time.process_time()

    report = actions.respond(by="shell", reason="ten thousand people", at=timezone.now())

    assert report.sessions == 10_000
    assert not Session.objects.exists()
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("arguments", "line", "code"),
    [
        (["--all"], "invalidate_sessions status=ok sessions=2", 0),
        (["--user", "responder"], "invalidate_sessions status=ok sessions=1", 0),
        (["--user", "nobody"], "invalidate_sessions status=fail reason=unknown_user", 1),
    ],
)
def test_the_shell_logs_people_out_and_says_a_count(client_as, admin, responder, arguments, line, code):
    client_as(admin)
    client_as(responder)
    out, ended = StringIO(), 0

    try:
        call_command("invalidate_sessions", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as end:
        ended = int(str(end.code))

    assert (out.getvalue().splitlines()[-1], ended) == (line, code)


def test_the_screen_needs_an_admin_and_a_reason(client_as, admin, publisher):
    token_count = ApiToken.objects.count()

    assert client_as(publisher).post("/settings/leak/").status_code == 403
    assert client_as(admin).post("/settings/leak/", {"reason": "short"}).status_code != 200
    assert ApiToken.objects.count() == token_count
    assert not LoginLink.objects.exists()
