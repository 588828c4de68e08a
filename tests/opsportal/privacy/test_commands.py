"""privacy_scan and privacy_rescan say numbers and kinds, never a text."""

import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from incidents.ownership.models import Domain
from opsportal.management.commands.privacy_scan import chunks
from opsportal.privacy import leaks
from opsportal.privacy.models import LeakCount
from opsportal.privacy.rescan import guarded_fields


def run(capsys, name: str, *words: str) -> tuple[int, str]:
    code = 0
    try:
        call_command(name, *words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, capsys.readouterr().out


def test_a_clean_file_is_clean(capsys, tmp_path):
    path = tmp_path / "fine.txt"
    path.write_text("db_verify status=fail reason=db_connect_failed\nqueue at 31,000\n")

    assert run(capsys, "privacy_scan", str(path)) == (0, "privacy_scan status=clean lines=2\n")


def test_findings_are_counted_and_never_shown(capsys, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text("AKIAIOSFODNN7EXAMPLE\njane@example.com\n")

    assert run(capsys, "privacy_scan", str(path)) == (2, "privacy_scan status=found lines=2 block=1 warn=1\n")
    assert run(capsys, "privacy_scan", str(path), "--public") == (
        2,
        "privacy_scan status=found lines=2 block=2 warn=0\n",
    )


def test_each_json_line_gets_a_verdict(capsys, monkeypatch):
    lines = [{"text": "fine"}, {"text": "jane@example.com"}, {"text": "key AKIAIOSFODNN7EXAMPLE"}]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(json.dumps, lines))))

    code, said = run(capsys, "privacy_scan", "-", "--jsonl")

    assert code == 2
    assert [json.loads(line) for line in said.splitlines()] == [
        {"verdict": "pass", "kinds": []},
        {"verdict": "warn", "kinds": ["e-mail address"]},
        {"verdict": "block", "kinds": ["cloud access key"]},
    ]


def test_a_line_that_is_no_json_is_refused_without_repeating_it(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("AKIAIOSFODNN7EXAMPLE"))

    with pytest.raises(SystemExit):
        call_command("privacy_scan", "-", "--jsonl")

    assert "AKIA" not in "".join(capsys.readouterr())


def test_a_long_file_is_read_in_pieces_that_overlap_and_count_once(capsys, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("all is well here\n" * 9_000 + "AKIAIOSFODNN7EXAMPLE\n" + "all is well here\n" * 9_000)

    assert run(capsys, "privacy_scan", str(path)) == (2, "privacy_scan status=found lines=18001 block=1 warn=0\n")
    assert len(list(chunks("a" * 200_000))) > 3


@pytest.mark.django_db
def test_old_rows_are_counted_by_field(capsys):
    domain = Domain.objects.create(slug="rescan", name="Rescan", position=99)
    name = next(name for model, name in guarded_fields() if model is Domain)
    with connection.cursor() as cursor:  # past the guard, as a row from before a rule
        cursor.execute(
            f'UPDATE {Domain._meta.db_table} SET "{name}" = %s WHERE id = %s', ["call jane@example.com", domain.pk]
        )

    code, said = run(capsys, "privacy_rescan")

    assert code == 2
    assert f"field=incidents.domain.{name}" in said and "kind=e-mail_address count=1" in said
    assert "jane" not in said


@pytest.mark.django_db(transaction=True)
def test_only_day_kind_and_number_remain_of_a_prevented_leak():
    leaks.write()
    LeakCount.objects.all().delete()
    leaks.prevented(["private key", "private key", "password"])
    leaks.write()
    leaks.prevented(["password"])
    leaks.write()

    assert leaks.since(date(2020, 1, 1)) == {"password": 2, "private key": 2}
    assert leaks.this_week() == {"password": 2, "private key": 2}
