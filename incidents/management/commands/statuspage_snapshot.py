"""Build the public page: for this portal's readers, or as plain files for any static host."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from incidents.statuspage import actions
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused


class Command(OpsCommand):
    help = "Build the public status page, or export its files with --output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, help="A folder for the files; foreign files in it stay.")

    def run(self, *, output: Path | None = None, **_: Any) -> Exit:
        try:
            files = actions.export(output, timezone.now()) if output else _count(actions.rebuild(timezone.now()))
        except OSError as failure:
            folder = output or settings.SNAPSHOT_DIR
            raise Refused("NOT_WRITABLE", f"{folder} cannot be written: {failure.strerror or failure}.") from failure
        self.token("statuspage_snapshot", status="ok", files=files)
        return Exit.OK


def _count(version: Path) -> int:
    return sum(1 for one in version.rglob("*") if one.is_file())
