"""`db_bootstrap`: check the migrations without a database, apply them, or both and verify."""

from typing import Any

from django.core.management.base import CommandParser

from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.schema import database, plan
from opsportal.schema.fault import Fault

MODES = ("dry_run", "apply_migrations", "all")


class Command(OpsCommand):
    speaks = "db_bootstrap"
    help = "dry_run needs no database; apply_migrations brings it to this version; all does both and verifies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mode", nargs="?", default="", help=", ".join(MODES))
        parser.add_argument("--dry-run", action="store_true", help="The same as the mode dry_run.")

    def run(self, *, mode: str, dry_run: bool, **_: Any) -> Exit:
        if dry_run and mode in ("", "dry_run"):
            mode = "dry_run"
        elif dry_run or mode not in MODES:
            raise Refused("UNKNOWN_MODE", f"There is no mode {mode or '(none)'!r}. Known modes: {', '.join(MODES)}.")
        steps = {
            "dry_run": [self._dry_run],
            "apply_migrations": [self._apply],
            "all": [self._dry_run, self._apply, self._verify],
        }[mode]
        if not all(step() for step in steps):
            if mode == "all":
                self.token("db_bootstrap", status="fail", mode="all", reason=self._reason)
            return Exit.ERROR
        if mode == "all":
            self.token("db_bootstrap", status="ok", mode="all")
        return Exit.OK

    def _dry_run(self) -> bool:
        try:
            count = plan.complete()
        except Fault as fault:
            return self._failed("db_bootstrap_dry_run", fault)
        self.token("db_bootstrap_dry_run", status="ok", migrations=count)
        return True

    def _apply(self) -> bool:
        try:
            done = database.apply()
        except Fault as fault:
            return self._failed("db_bootstrap", fault)
        self.token("db_bootstrap", status="ok", mode="apply_migrations", applied=done.applied, skipped=done.skipped)
        return True

    def _verify(self) -> bool:
        try:
            database.verify()
        except Fault as fault:
            return self._failed("db_verify", fault)
        self.token("db_verify", status="ok")
        return True

    def _failed(self, name: str, fault: Fault) -> bool:
        self._reason = fault.reason
        self.token(name, status="fail", reason=fault.reason)
        self.say(fault.sentence)
        return False
