"""`ops_ci_normalize`: turns a scheduled run without traffic green, and nothing else."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from checks.operations.normalize import normalize
from opsportal.commands import OpsCommand


class Command(OpsCommand):
    help = "Read ops_daily's output on stdin; exit 0 when there was no traffic yet, else with the code given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--exit-code", type=int, required=True, help="The exit code of ops_daily.")

    def handle(self, *args: Any, exit_code: int, **options: Any) -> None:
        line, code = normalize(sys.stdin, exit_code)
        self.stdout.write(line)
        if code:
            sys.exit(code)
