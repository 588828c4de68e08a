"""`checks_import`: checks from YAML, all of them or none."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from checks.catalogue import code, importing
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role


class Command(OpsCommand):
    speaks = "checks_import"
    help = "Add and change checks as a YAML file says; --dry-run only says what would happen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="Where from; - is stdin.")
        parser.add_argument("--user", required=True, metavar="NAME", help="Who does it: an admin.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing.")

    def run(self, *, file: str, user: str, dry_run: bool, **_: Any) -> Exit:
        act = importing.rehearse if dry_run else importing.import_checks
        try:
            plan = act(_text(file), by=_admin(user), at=timezone.now())
        except Refused as refusal:
            for one in getattr(refusal, "wrong", []):
                line = f"line {one.line}" if one.line else ""
                self.say(": ".join(part for part in (line, one.entry, one.field, one.sentence) if part))
            raise
        for key in plan.added:
            self.token("checks_import_entry", act="added", check=key)
        for change in plan.changed:
            fields = ",".join(turn.field for turn in change.turns)
            self.token("checks_import_entry", act="changed", check=change.key, fields=fields)
        numbers = {"added": len(plan.added), "changed": len(plan.changed), "left": plan.left, "beside": plan.beside}
        self.token("checks_import", status="ok", mode="dry_run" if dry_run else "import", **numbers)
        return Exit.OK


def _text(file: str) -> bytes:
    """One byte more than may be read, so that a longer file is seen to be one."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(code.MOST_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(code.MOST_BYTES + 1)
    except OSError as problem:
        raise Refused("NOT_READ", f"{file} cannot be read: {problem.strerror}.") from None


def _admin(name: str) -> User:
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None or not found.has_role(Role.ADMIN):
        raise Refused("NOT_AN_ADMIN", "Name an admin by --user; the People screen lists all.")
    return found
