"""The doctor names what is wrong and never a value; production refuses to start half configured."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from opsportal import env
from opsportal.doctor.names import names
from tests.portals import free_port, run_python

COMPLETE = {name: f"marker-of-{name.lower()}" for name in env.REQUIRED_ALWAYS}


def run_doctor() -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("doctor", stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(str(end.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.mark.django_db
def test_a_portal_without_workers_is_unwell_and_the_last_line_says_so():
    code, lines = run_doctor()

    assert code == 2
    assert "doctor part=database status=ok" in lines
    assert "doctor part=scheduler status=fail reason=never_ran" in lines
    assert lines[-1] == "doctor status=fail"


@pytest.mark.django_db
def test_fresh_heartbeats_make_it_well(monkeypatch, settings):
    monkeypatch.setenv("SECRET_KEY", "something")
    for job in ("checks.tick", "incidents.rebuild_snapshot"):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO opsportal_jobclaim VALUES (%s, now(), now())", [job])

    code, lines = run_doctor()

    assert (code, lines[-1]) == (0, "doctor status=ok")


def test_names_say_present_or_missing_and_hold_no_value(monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "marker-value")
    monkeypatch.setenv("BILLING_ENABLED", "true")
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)

    found = {one.name: one for one in names()}

    assert found["STRIPE_SECRET_KEY"].is_set
    assert found["STRIPE_WEBHOOK_SECRET"].is_missing
    assert "marker-value" not in repr(found)


@pytest.mark.django_db
def test_the_screen_is_for_admins_and_shows_no_value(client_as, admin, publisher, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "marker-value")

    page = client_as(admin).get("/settings/")

    assert page.status_code == 200
    assert "GITHUB_TOKEN" in page.content.decode()
    assert "marker-value" not in page.content.decode()
    assert client_as(publisher).get("/settings/").status_code == 403


@pytest.mark.parametrize("missing", env.REQUIRED_ALWAYS)
@pytest.mark.parametrize("door", ["opsportal.wsgi", "opsportal.launch"])
def test_production_refuses_to_start_with_a_name_missing_and_tells_no_value(missing, door, tmp_path):
    given = {name: value for name, value in COMPLETE.items() if name != missing}
    by_command = ["-m", door, "--port", str(free_port()), "--data-dir", str(tmp_path / "data")]
    argv = by_command if door.endswith("launch") else ["-c", f"import {door}"]

    ended = run_python(*argv, environment={"ENVIRONMENT": "production", **given})

    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert missing in said
    assert "Traceback" not in said
    assert not [value for value in given.values() if value in said]


def test_production_refuses_pages_without_security_headers():
    ask = "from opsportal import env; env.refuse_weak_production()"
    given = {**COMPLETE, "LAUNCH_MODE": "true", "SECURITY_HEADERS_ENABLED": "false"}
    ended = run_python("-c", ask, environment=given)

    assert ended.returncode == 1
    assert "SECURITY_HEADERS_ENABLED" in ended.stderr


def test_django_finds_nothing_to_say_about_a_production_portal():
    given = {
        **COMPLETE,
        "ENVIRONMENT": "production",
        "SECRET_KEY": "aB3-xYz9" * 8,
        "DATABASE_URL": "postgresql://portal@localhost:1/portal",
        "REDIS_URL": "redis://localhost:1/0",
        "ALLOWED_HOSTS": "ops.example.org",
        "BASE_URL": "https://ops.example.org",
    }

    ended = run_python("manage.py", "check", "--deploy", "--fail-level", "WARNING", environment=given)

    assert ended.returncode == 0, ended.stderr
