"""Backups with real faults: their lines, what they refuse, and that the rows come back as they were."""

import fcntl
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import override_settings

from opsportal import data_folder
from opsportal.audit.models import AuditEvent
from opsportal.backup import folder, reading, restoring, tables, taking
from opsportal.backup.contents import HEAD, MANIFEST, Count, Head, Manifest, Table, packed
from opsportal.backup.sealed_file import Writer
from opsportal.embedded.postgres import APPLICATION, OWNER
from opsportal.models import User
from opsportal.outbox.models import Destination
from opsportal.schema.fault import Fault
from opsportal.seals import heads
from opsportal.seals.actions import seal_everything
from opsportal.secrets.sealed import seal
from tests import engines

KEY, OTHER = "a key of the house that is long", "a key of another house that is long"
AT = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
# What becomes of a backup is written into the audit log.
pytestmark = pytest.mark.django_db
with_database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", KEY)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], str]]:
    """Exit code, lines on stdout, prose on stderr."""

    def called(*words: str | Path) -> tuple[int, list[str], str]:
        code = 0
        try:
            call_command(*map(str, words))
        except SystemExit as end:
            code = int(str(end.code))
        written = capsys.readouterr()
        return code, written.out.splitlines(), written.err

    return called


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small file with every kind of frame: no rows, and a head that no database has."""
    return written(tmp_path / "some.backup")


def written(path: Path, *, migrations: tuple[tuple[str, str], ...] = ()) -> Path:
    with path.open("wb") as out:
        writer = Writer(out)
        writer.frame(HEAD, packed(Head("0.1.0", AT.isoformat(), migrations, (), ())))
        writer.close(MANIFEST, packed(Manifest({})))
    return path


@with_database
def test_a_backup_is_one_private_file_that_nobody_can_read_without_the_key(call, tmp_path: Path, admin: User):
    code, lines, said = call("backup", "--output", tmp_path / "new")

    (path,) = (tmp_path / "new").iterdir()
    contents = reading.read(path)
    rows = contents.manifest.rows
    assert (code, said) == (0, "")
    assert lines == [
        f"backup_file file={path.name} bytes={path.stat().st_size} removed=0",
        f"backup status=ok tables={len(contents.head.tables)} rows={rows}",
    ]
    assert rows > contents.manifest.counts["opsportal_user"].rows == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert admin.username.encode() not in path.read_bytes()
    assert AuditEvent.objects.get(act="backup.take").object == path.name


@with_database
def test_what_only_this_host_needs_is_not_in_it(tmp_path: Path):
    held = {table.name for table in reading.read(taking.take(tmp_path, by="shell", at=AT).path).head.tables}

    assert {"opsportal_user", "checks_bucket_m", "auth_permission"} <= held
    assert not held & {"django_session", "opsportal_cache", "checks_bucket_m_20261129"}


@with_database
def test_rows_are_of_one_moment_though_people_go_on_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows, meanwhile = tables.rows, list[bool]()

    def with_a_late_one(table: Table) -> Iterator[bytes]:
        if not meanwhile:
            meanwhile.append(another_works_on())
        return rows(table)

    monkeypatch.setattr(tables, "rows", with_a_late_one)
    contents = reading.read(taking.take(tmp_path, by="shell", at=AT).path)

    assert AuditEvent.objects.filter(act="late").exists()
    assert contents.manifest.counts["opsportal_auditevent"].rows == AuditEvent.objects.count() - 2


def another_works_on() -> bool:
    """By another connection, once the backup has begun to read."""
    with psycopg.connect(engines.current().owner_url()) as other:
        other.execute(
            "INSERT INTO opsportal_auditevent (act, actor, object, reason, result, request_id, source)"
            " VALUES ('late', 'responder', '', '', 'ok', '', 'web')"
        )
    return True


@with_database
@pytest.mark.parametrize("frame_bytes", [50, 1024 * 1024])
def test_everything_comes_back_and_append_only_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, admin: User, frame_bytes: int
):
    """The schema of the test's own database stands for what the migrations make; the whole way is a test of its own."""
    monkeypatch.setattr(tables, "FRAME_BYTES", frame_bytes)
    Destination.objects.create(
        name="Ops", channel="slack", created_by="admin", address=seal("https://hooks.slack.example/x")
    )
    Session.objects.create(session_key="k", session_data="d", expire_date=AT)
    seal_everything()
    path = taking.take(tmp_path, by="shell", at=AT).path
    last_event = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    User.objects.filter(pk=admin.pk).update(username="changed")
    for step in ("_clear", "_bring_up_to_date", "require_alone"):
        monkeypatch.setattr(restoring, step, lambda: None)
    monkeypatch.setattr(restoring, "_build", lambda head: None)

    with as_owner():
        restored = restoring.restore(path, replace_all=connection.settings_dict["NAME"])

    assert restored.proof.faults == ()
    assert restored.proof.secrets == 2  # the destination's address and the proof of the keys
    assert User.objects.get(pk=admin.pk).username == admin.username
    assert Destination.objects.get(name="Ops").address.open() == "https://hooks.slack.example/x"
    assert not AuditEvent.objects.filter(act="backup.take").exists()  # written once the file was closed
    restoring.settle_in(path, by="shell", at=AT)
    assert AuditEvent.objects.get(act="backup.restore").pk >= last_event
    with pytest.raises(DatabaseError):
        AuditEvent.objects.all().delete()


@contextmanager
def as_owner() -> Iterator[None]:
    connection.close()
    connection.settings_dict["USER"] = OWNER
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = APPLICATION


def cut(data: bytes) -> bytes:
    return data[:-1]


def cut_between_frames(data: bytes) -> bytes:
    head = data.index(b"\n") + 1
    return data[: head + 4 + int.from_bytes(data[head : head + 4], "big")]


def flipped(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def swapped_frames(data: bytes) -> bytes:
    first = cut_between_frames(data)
    head = data.index(b"\n") + 1
    return data[:head] + data[len(first) :] + first[head:]


@pytest.mark.parametrize(
    "harm",
    [
        cut,
        cut_between_frames,
        swapped_frames,
        flipped(3),
        flipped(40),
        flipped(-1),
        flipped(-60),
        flipped(240),
        lambda data: data + b"\0",
        lambda data: data + data[-80:],
        lambda data: b"",
        lambda data: b"PGDMP and no more",
        lambda data: data[: data.index(b"\n") + 1],
        lambda data: data[: data.index(b"\n") + 1] + b"\xff" * 50,
    ],
)
def test_a_damaged_file_is_refused_whole(call, file: Path, harm: Callable[[bytes], bytes]):
    file.write_bytes(harm(file.read_bytes()))

    assert call("backup_verify", file)[:2] == (1, ["backup_verify status=fail reason=damaged"])
    assert call("restore", file, "--replace-all", "x")[:2] == (1, ["restore status=fail reason=damaged"])


@with_database
def test_rows_that_are_not_those_of_the_list_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables.Counting, "count", lambda self: Count(7, "not this"))
    path = taking.take(tmp_path, by="shell", at=AT).path
    monkeypatch.undo()
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", KEY)

    with pytest.raises(Fault, match="damaged"):
        reading.read(path)


def test_a_wrong_key_is_told_from_damage_before_anything_is_read(call, file: Path, monkeypatch: pytest.MonkeyPatch):
    file.write_bytes(file.read_bytes()[:-1])
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", OTHER)

    code, lines, said = call("backup_verify", file)

    assert (code, lines) == (1, ["backup_verify status=fail reason=wrong_key"])
    noted = AuditEvent.objects.get(act="backup.verify")
    assert (noted.object, noted.result, noted.reason) == ("some.backup", "failed", "wrong_key")
    assert "INTEGRATION_ENCRYPTION_KEY" in said
    assert OTHER not in said
    assert call("restore", file)[:2] == (1, ["restore status=fail reason=wrong_key"])


def test_without_any_key_none_is_made(call, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("INTEGRATION_ENCRYPTION_KEY")

    with override_settings(DATA_DIR=tmp_path / "new"):
        assert call("restore", file)[:2] == (1, ["restore status=fail reason=wrong_key"])
    assert not (tmp_path / "new").exists()


def test_the_key_before_opens_it_too(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", f"{OTHER},{KEY}")

    assert reading.read(file).head.version == "0.1.0"


def test_a_file_that_is_not_there_is_said(call, tmp_path: Path):
    code, lines, said = call("restore", tmp_path / "gone")

    assert (code, lines) == (1, ["restore status=fail reason=file_unreadable"])
    assert "No such file" in said


@with_database
@pytest.mark.parametrize("broken", ["missing_tables", "missing_dsn"])
def test_what_is_not_whole_is_not_backed_up(call, tmp_path: Path, broken: str):
    rename = "ALTER TABLE {} RENAME TO {}".format
    with psycopg.connect(engines.current().owner_url(), autocommit=True) as owner:
        if broken == "missing_tables":
            owner.execute(rename("incidents_domain", "gone_for_now"))
        try:
            with override_settings(DATABASE_CONFIGURED=broken != "missing_dsn"):
                code, lines, _ = call("backup", "--output", tmp_path)
        finally:
            if broken == "missing_tables":
                owner.execute(rename("gone_for_now", "incidents_domain"))

    assert (code, lines) == (1, [f"backup status=fail reason={broken}"])
    assert list(tmp_path.iterdir()) == []
    written_down = [] if broken == "missing_dsn" else [("failed", broken)]
    assert list(AuditEvent.objects.filter(act="backup.take").values_list("result", "reason")) == written_down


@with_database
def test_a_full_disk_leaves_nothing_half(call, tmp_path: Path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limit[1]))
    try:
        code, lines, _ = call("backup", "--output", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert (code, lines) == (1, ["backup status=fail reason=disk_full"])
    assert list(tmp_path.iterdir()) == []


@with_database
def test_a_folder_that_is_a_file_is_refused(call, tmp_path: Path):
    (tmp_path / "file").touch()

    assert call("backup", "--output", tmp_path / "file")[:2] == (1, ["backup status=fail reason=not_writable"])


@with_database
def test_only_our_own_older_backups_are_removed(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for day in (1, 2, 3):
        written(tmp_path / f"opsportal-2026110{day}T000000Z.backup")
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", OTHER)
    written(tmp_path / "opsportal-20261101T111111Z.backup")
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", KEY)
    (tmp_path / "notes.txt").touch()

    code, lines, _ = call("backup", "--output", tmp_path, "--keep", "2")

    assert code == 0
    assert lines[0].endswith(" removed=2")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[:3] == ["notes.txt", "opsportal-20261101T111111Z.backup", "opsportal-20261103T000000Z.backup"]
    assert len(left) == 4


def test_to_keep_none_is_no_backup(call, tmp_path: Path):
    assert call("backup", "--output", tmp_path, "--keep", "0")[:2] == (1, ["backup status=fail reason=keep_too_few"])


def test_half_files_of_killed_runs_go_and_those_of_living_ones_stay(tmp_path: Path):
    dead, living = (tmp_path / f".opsportal-20261101T000000Z.backup.{pid}" for pid in (1, 2))
    dead.touch()
    with living.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with folder.writing(tmp_path, AT) as (_, out):
            out.write(b"whole")

        assert sorted(os.listdir(tmp_path)) == [living.name, "opsportal-20261129T030000Z.backup"]


def test_two_of_one_second_never_overwrite_each_other(tmp_path: Path):
    (tmp_path / "opsportal-20261129T030000Z.backup").write_bytes(b"first")

    with pytest.raises(Fault, match="already_there"), folder.writing(tmp_path, AT) as (_, out):
        out.write(b"second")

    assert (tmp_path / "opsportal-20261129T030000Z.backup").read_bytes() == b"first"


@with_database
def test_a_database_with_tables_goes_only_by_its_name(call, file: Path):
    assert call("restore", file)[:2] == (1, ["restore status=fail reason=not_empty"])
    assert call("restore", file, "--replace-all", "other")[:2] == (1, ["restore status=fail reason=name_wrong"])


@with_database
def test_nobody_is_restored_over_while_others_are_connected(call, file: Path):
    with psycopg.connect(engines.current().owner_url()):
        code, lines, said = call("restore", file, "--replace-all", connection.settings_dict["NAME"])

    assert (code, lines) == (1, ["restore status=fail reason=portal_running"])
    assert "stop the portal first" in said


def test_a_running_portal_is_not_restored_over(call, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data_folder, "running", lambda folder: object())

    assert call("restore", file)[:2] == (1, ["restore status=fail reason=portal_running"])


@with_database
def test_a_backup_of_a_newer_version_is_refused(call, tmp_path: Path):
    path = written(tmp_path / "newer.backup", migrations=(("checks", "0999_of_next_year"),))

    code, lines, said = call("restore", path, "--replace-all", "x")

    assert (code, lines) == (1, ["restore status=fail reason=newer_version"])
    assert "checks.0999_of_next_year" in said


@with_database
def test_heads_that_a_restored_chain_cannot_know_are_laid_aside(db_with_heads: None):
    newest = heads.read(heads.file())
    heads._append([heads.Head("audit", 10**6, 10**6, "f" * 64)])

    assert heads.lay_aside(AT) == 1
    assert heads.read(heads.file()) == newest
    kept = heads.file().with_name("heads-before-restore-20261129T030000Z.jsonl")
    assert len(heads.read(kept)) == len(newest) + 1
    assert heads.lay_aside(AT) == 0


@pytest.fixture
def db_with_heads(tmp_path: Path) -> Iterator[None]:
    from opsportal.audit import actions as audit

    with override_settings(DATA_DIR=tmp_path):
        audit.record("something", by="shell")
        seal_everything()
        heads.export()
        yield


def test_without_a_name_the_newest_of_ours_is_verified(tmp_path: Path):
    with pytest.raises(Fault) as none:
        folder.newest(tmp_path / "gone")
    for name in ("opsportal-20261120T030000Z.backup", "opsportal-20261121T030000Z.backup", "zzz.backup"):
        (tmp_path / name).touch()

    assert none.value.reason == "no_backup"
    assert folder.newest(tmp_path).name == "opsportal-20261121T030000Z.backup"
