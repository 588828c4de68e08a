"""`backup`: every row of one moment in one encrypted file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from opsportal.backup import folder, log, taking
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.schema.fault import Fault

_BY = "shell"


class Command(OpsCommand):
    speaks = "backup"
    help = "Write an encrypted backup of the database while the portal runs. The key is not in it: keep that elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, metavar="DIR", help="Default: backups/ in the data folder.")
        parser.add_argument("--keep", type=int, metavar="N", help="Remove our older backups there beyond the newest N.")

    def run(self, *, output: Path | None, keep: int | None, **_: Any) -> Exit:
        if keep is not None and keep < 1:
            raise Refused("KEEP_TOO_FEW", "Keep 1 or more: --keep 14.")
        into = output or taking.default_folder()
        try:
            taken = taking.take(into, by=_BY, at=timezone.now())
        except (Fault, Refused) as problem:
            log.failed(log.TAKE, problem, by=_BY)
            raise
        removed = folder.keep_newest(into, keep) if keep else 0
        self.token("backup_file", file=taken.path.name, bytes=taken.size, removed=removed)
        self.token("backup", status="ok", tables=taken.tables, rows=taken.rows)
        return Exit.OK
