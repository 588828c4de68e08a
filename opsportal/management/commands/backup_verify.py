"""`backup_verify`: restore a backup into an empty server of its own and look whether all of it is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from opsportal.backup import folder, taking
from opsportal.backup.elsewhere import restore_into
from opsportal.backup.reading import read
from opsportal.commands import Exit, OpsCommand
from opsportal.embedded.places import Unusable
from opsportal.embedded.scratch import scratch
from opsportal.schema.fault import Fault


class Command(OpsCommand):
    help = "Restore FILE elsewhere; compare rows, hashes and chains, open every encrypted value. Changes nothing here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="Default: the newest in backups/.")

    def run(self, *, file: Path | None, **options: Any) -> Exit:
        try:
            file = file or folder.newest(taking.default_folder())
            read(file)  # a bad file needs no server to be found out
            with scratch() as server:
                found, _ = restore_into(server, file.resolve())
        except Fault as fault:
            return self._failed(fault.reason, fault.sentence)
        except Unusable as reason:
            return self._failed("no_scratch_database", str(reason))
        self.stdout.write(f"backup_verify status=ok {found}")
        return Exit.OK

    def _failed(self, reason: str, sentence: str) -> Exit:
        self.token("backup_verify", status="fail", reason=reason)
        self.say(sentence)
        return Exit.ERROR
