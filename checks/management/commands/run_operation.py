"""`run_operation`: what a worker starts when somebody asks for an operation on the screen."""

import os
from typing import Any

from django.core.management.base import CommandParser

from checks.operations import running
from opsportal.commands import Exit, OpsCommand


class Command(OpsCommand):
    speaks = "run_operation"
    help = "Run one operation that waits, and write down its lines. For the portal itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run_id", type=int)

    def run(self, *, run_id: int, **_: Any) -> Exit:
        if os.getpgid(0) != os.getpid():
            os.setpgid(0, 0)  # what is ended by the group is ours alone
        code = running.run(run_id)
        self.token("run_operation", run=run_id, exit="none" if code is None else code)
        return Exit.OK
