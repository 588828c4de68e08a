"""`record_change`: one stable line, three exit codes."""

import io

import pytest
from django.core.management import call_command

from incidents.changes import freezes
from incidents.changes.models import Change
from opsportal.models import AuditEvent
from tests.incidents.cast import AT, domain

pytestmark = pytest.mark.django_db
DEPLOY = ["--kind=deploy", "--what=Deploy payments", "--domain=payments", "--artifact=2026.11.21-1"]


def run(*words: str) -> tuple[str, int, str]:
    """The lines on stdout, the exit code and the prose."""
    out, prose = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("record_change", *words, stdout=out, stderr=prose)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return out.getvalue().strip(), code, prose.getvalue()


def test_a_deploy_is_told_in_one_line(responder):
    times = ("--started-at=2026-11-21T03:00", "--finished-at=2026-11-21T04:12+01:00")
    line, code, _ = run(*DEPLOY, *times, "--user=responder")

    one = Change.objects.get()
    assert (line, code) == (f"record_change status=ok change={one.label} result=succeeded", 0)
    assert (one.source, one.who) == ("command", "responder")
    assert one.finished_at is not None
    assert one.finished_at == AT and one.started_at.isoformat() == "2026-11-21T03:00:00+00:00"


def test_without_a_person_it_was_the_shell():
    run("--kind=flag", "--what=New checkout on")

    one = Change.objects.get()
    assert (one.who, one.where) == ("The shell", "All domains")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--domain=moon"], "domain_unknown"),
        (["--kind=hope"], "kind_unknown"),
        (["--result=perhaps"], "result_unknown"),
        (["--artifact="], "artifact_missing"),
        (["--started-at=soon"], "bad_time"),
        (["--started-at=0001-01-01T00:00+14:00"], "year_wrong"),
        (["--result=planned", "--started-at=9999-12-31T23:59-14:00"], "year_wrong"),
        (["--user=nobody"], "unknown_user"),
    ],
)
def test_what_it_does_not_take_is_exit_1_with_its_token(words, reason):
    line, code, prose = run(*DEPLOY, *words)

    assert (line, code) == (f"record_change status=fail reason={reason}", 1)
    assert prose.strip()
    assert not Change.objects.exists()


def test_a_freeze_holds_it_up_until_a_reason_is_given(publisher):
    freezes.add_window(domain(), reason="Quarter end", starts_at=AT, ends_at=None, by=publisher, at=AT)

    line, code, prose = run(*DEPLOY)
    assert (line, code) == ("record_change status=fail reason=frozen", 1)
    assert "Quarter end" in prose
    assert run(*DEPLOY, "--override=Fixes INC-1")[1] == 0
    row = AuditEvent.objects.get(act="change.override")
    assert (row.actor, row.reason) == ("shell", "Fixes INC-1")
