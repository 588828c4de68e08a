"""Write a backup: every row of one moment, while people go on working."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from opsportal.audit import actions as audit
from opsportal.backup import folder, log, tables
from opsportal.backup.contents import HEAD, MANIFEST, ROWS, TABLE, Head, Manifest, packed
from opsportal.backup.sealed_file import Writer
from opsportal.schema import database
from opsportal.secrets.actions import require_key


@dataclass(frozen=True)
class Taken:
    """A backup that lies in its folder under its final name."""

    path: Path
    tables: int
    rows: int
    size: int


def default_folder() -> Path:
    """In the data folder; a copy belongs on another machine."""
    return Path(settings.DATA_DIR) / "backups"


def take(into: Path, *, by: str, at: datetime) -> Taken:
    """One file of everything that the database holds, encrypted; the file is there whole or not at all.

    Faults: those of `db_verify` (what is not whole is no backup), `disk_full`, `not_writable`, `already_there`.
    """
    database.verify()
    require_key()
    with folder.writing(into, at) as (path, file):
        manifest = _write(Writer(file), at)
    audit.record(log.TAKE, by=by, object=path.name)
    return Taken(path, len(manifest.counts), manifest.rows, path.stat().st_size)


@transaction.atomic
def _write(writer: Writer, at: datetime) -> Manifest:
    """One REPEATABLE READ transaction, so that every table is read as of the same moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    tables.settle()
    head = _head(at)
    writer.frame(HEAD, packed(head))
    counts = {}
    for table in head.tables:
        counting = tables.Counting()
        writer.frame(TABLE, table.name.encode())
        for piece in tables.rows(table):
            writer.frame(ROWS, piece)
            counting.add(piece)
        counts[table.name] = counting.count()
    manifest = Manifest(counts, tables.sequences(counts))
    writer.close(MANIFEST, packed(manifest))
    return manifest


def _head(at: datetime) -> Head:
    return Head(
        version=version(),
        made_at=at.isoformat(timespec="seconds"),
        migrations=tuple(sorted(MigrationRecorder(connection).applied_migrations())),
        tables=tables.kept(),
        partitions=tables.partitions(),
    )


def version() -> str:
    """Of this portal."""
    text = (Path(settings.BASE_DIR) / "pyproject.toml").read_text()
    return str(tomllib.loads(text)["project"]["version"])
