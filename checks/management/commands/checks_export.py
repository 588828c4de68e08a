"""`checks_export`: every check as YAML, for a repository of one's own."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from checks.catalogue import importing
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused


class Command(OpsCommand):
    help = "Write every check as YAML, to a file or to stdout. Secrets stand in it by name only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="Where to; - is stdout.")

    def run(self, *, file: str, **_: Any) -> Exit:
        text = importing.export()
        if file == "-":
            self.stdout.write(text, ending="")
            return Exit.OK
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as problem:
            raise Refused("NOT_WRITTEN", f"{file} cannot be written: {problem.strerror}.") from None
        self.token("checks_export", status="ok", bytes=len(text.encode()))
        return Exit.OK
