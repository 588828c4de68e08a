"""`backup_verify`: restore a backup into an empty server of its own and look whether all of it is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from opsportal.backup import folder, log, taking
from opsportal.backup.elsewhere import restore_into
from opsportal.backup.reading import read
from opsportal.commands import Exit, OpsCommand
from opsportal.embedded.places import Unusable
from opsportal.embedded.scratch import scratch
from opsportal.errors import Refused
from opsportal.schema.fault import Fault

_BY = "shell"


class Command(OpsCommand):
    speaks = "backup_verify"
    help = "Restore FILE elsewhere; compare rows, hashes and chains, open every encrypted value. Changes nothing here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="Default: the newest in backups/.")

    def run(self, *, file: Path | None, **options: Any) -> Exit:
        try:
            file = file or folder.newest(taking.default_folder())
            read(file)  # a bad file needs no server to be found out
            with scratch() as server:
                found, _ = restore_into(server, file.resolve())
        except (Fault, Refused) as problem:
            log.failed(log.VERIFY, problem, by=_BY, name=file.name if file else "")
            raise
        except Unusable as reason:
            return self.failed("no_scratch_database", str(reason))
        log.verified(file.name, by=_BY)
        self.stdout.write(f"backup_verify status=ok {found}")
        return Exit.OK
