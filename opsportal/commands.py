"""The base of every operation on the command line: tokens on stdout, prose on stderr, three exit codes."""

import enum
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from opsportal import shell_runs
from opsportal.errors import Refused
from opsportal.schema.fault import Fault


class Exit(enum.IntEnum):
    """0 healthy, 1 error, 2 unhealthy or insufficient data (contract section 2)."""

    OK = 0
    ERROR = 1
    UNHEALTHY = 2


_NO_TABLE = "42P01"
# Classes of SQLSTATE that say: no connection, refused, no such database, the server goes down.
_UNREACHABLE = ("08", "28", "3D", "57P")


def database_reason(problem: OperationalError | ProgrammingError) -> str:
    """The same as a token for programs."""
    state = str(getattr(problem.__cause__, "sqlstate", None) or "")
    if state == _NO_TABLE:
        return "missing_tables"
    if state and not state.startswith(_UNREACHABLE):
        return "db_ended_it"
    return "db_connect_failed" if settings.DATABASE_CONFIGURED else "missing_dsn"


def database_sentence(problem: OperationalError | ProgrammingError) -> str:
    """What a person can do about the database; empty when the fault is in the program. Never an address or a name."""
    state = str(getattr(problem.__cause__, "sqlstate", None) or "")
    if state == _NO_TABLE:
        return "The database has no tables of this version yet: bin/up makes them, or bin/manage migrate."
    if isinstance(problem, ProgrammingError):
        return ""
    if state and not state.startswith(_UNREACHABLE):
        return f"The database ended this command (SQLSTATE {state})."
    if settings.DATABASE_CONFIGURED:
        return "The database does not answer, or refuses the name or the password in DATABASE_URL."
    return (
        f"No portal with its own database runs in {settings.DATA_DIR}, and DATABASE_URL is not set: "
        "start bin/up, or name the folder by bin/manage --data-dir DIR."
    )


class OpsCommand(BaseCommand):
    """Subclass and write `run`; it returns the exit code and says its lines by `token`."""

    requires_system_checks: list[str] = []
    # How its token line begins. With a name, what ends it before that line has a token of its own on stdout too.
    speaks = ""

    def run(self, *args: Any, **options: Any) -> Exit:
        raise NotImplementedError

    def token(self, name: str, **values: object) -> None:
        """One stable line on stdout: `name key=value key=value`, values without blanks."""
        self.stdout.write(" ".join([name, *(f"{key}={value}" for key, value in values.items())]))

    def say(self, sentence: str) -> None:
        """Prose for the person at the keyboard, on stderr."""
        self.stderr.write(sentence)

    def failed(self, reason: str, sentence: str) -> Exit:
        """The end of a command that could not do its work: its token if it has one, and what a person can do."""
        if self.speaks:
            self.token(self.speaks, status="fail", reason=reason)
        self.say(sentence)
        return Exit.ERROR

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """A mistake in the words behind a command is an error (1), where argparse would say 2, our unhealthy."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        with shell_runs.heard(self, argv[1:]):
            self._run_from_argv(argv)

    def _run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except CommandError as mistake:
            sys.exit(int(self.failed("bad_arguments", f"{mistake}. bin/manage {argv[1]} --help says how.")))

    def handle(self, *args: Any, **options: Any) -> None:
        from opsportal.audit.actions import coming_by  # models, which are there when a command runs
        from opsportal.audit.models import AuditEvent

        try:
            with coming_by(AuditEvent.Source.COMMAND):
                code = self.run(**options)
        except Refused as refusal:
            code = self.failed(refusal.code.lower(), refusal.sentence)
        except Fault as fault:
            code = self.failed(fault.reason, fault.sentence)
        except (OperationalError, ProgrammingError) as problem:
            if not (sentence := database_sentence(problem)):
                raise
            code = self.failed(database_reason(problem), sentence)
        if code:
            sys.exit(int(code))
