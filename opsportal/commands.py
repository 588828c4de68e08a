"""The base of every operation on the command line: tokens on stdout, prose on stderr, three exit codes."""

import enum
import sys
from typing import Any

from django.core.management.base import BaseCommand

from opsportal.errors import Refused


class Exit(enum.IntEnum):
    """0 healthy, 1 error, 2 unhealthy or insufficient data (contract section 2)."""

    OK = 0
    ERROR = 1
    UNHEALTHY = 2


class OpsCommand(BaseCommand):
    """Subclass and write `run`; it returns the exit code and says its lines by `token`."""

    requires_system_checks: list[str] = []

    def run(self, *args: Any, **options: Any) -> Exit:
        raise NotImplementedError

    def token(self, name: str, **values: object) -> None:
        """One stable line on stdout: `name key=value key=value`, values without blanks."""
        self.stdout.write(" ".join([name, *(f"{key}={value}" for key, value in values.items())]))

    def say(self, sentence: str) -> None:
        """Prose for the person at the keyboard, on stderr."""
        self.stderr.write(sentence)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self.run(**options)
        except Refused as refusal:
            self.say(refusal.sentence)
            code = Exit.ERROR
        if code:
            sys.exit(int(code))
