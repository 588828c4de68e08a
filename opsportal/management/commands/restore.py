"""`restore`: bring a backup back into the portal's own database, while the portal is stopped."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from opsportal import data_folder
from opsportal.backup import restoring
from opsportal.backup.elsewhere import restore_into
from opsportal.backup.own_server import own_server
from opsportal.backup.reading import read
from opsportal.commands import Exit, OpsCommand
from opsportal.embedded.places import Unusable
from opsportal.schema import database
from opsportal.schema.fault import Fault

_BY = "shell"


class Command(OpsCommand):
    speaks = "restore"
    help = "Bring FILE back into an empty database, or into one whose name is typed. All of it, or nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--replace-all",
            default="",
            metavar="NAME",
            help="The name of the database, typed: all its tables go.",
        )

    def run(self, *, file: Path, replace_all: str, **_: Any) -> Exit:
        try:
            read(file)  # before anything is stopped, started or asked
            restored, said = self._into(file, replace_all)
        except Unusable as reason:
            return self.failed("data_folder_unusable", str(reason))
        self.stdout.write(f"restore status=ok {restored}")
        if said:
            self.say(said)
        self.say("Start the portal. Everybody signs in again; messages that waited when this was written leave again.")
        return Exit.OK

    def _into(self, file: Path, replace_all: str) -> tuple[str, str]:
        if data_folder.running(Path(settings.DATA_DIR)):
            raise Fault("portal_running", "The portal of this data folder runs: stop it first.")
        return self._here(file, replace_all) if settings.DATABASE_CONFIGURED else self._own(file, replace_all)

    def _here(self, file: Path, replace_all: str) -> tuple[str, str]:
        """Into the database of DATABASE_URL, as its owner."""
        database.connected()
        restored = restoring.restore(file, replace_all=replace_all)
        restoring.settle_in(file, by=_BY, at=timezone.now())
        return str(restored), "\n".join(fault.sentence for fault in restored.proof.faults)

    def _own(self, file: Path, replace_all: str) -> tuple[str, str]:
        """Into the embedded server of this data folder, which runs only while the portal does."""
        if settings.POSTURE.is_production:
            database.connected()  # says that an address is missing
        with own_server(Path(settings.DATA_DIR)) as server:
            return restore_into(server, file.resolve(), "--for-good", _BY, "--replace-all", replace_all)
