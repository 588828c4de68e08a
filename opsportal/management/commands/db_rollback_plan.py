"""`db_rollback_plan`: which of the newest migrations could be taken back, and whether something would be lost."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.schema import database, plan

MOST = 200


class Command(OpsCommand):
    speaks = "db_rollback_plan"
    help = "One line for each of the newest migrations; changes nothing. Exit 2 when the newest cannot safely go back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--last", type=int, default=5, help="How many of the newest applied ones (5).")

    def run(self, *, last: int, **_: Any) -> Exit:
        if not 1 <= last <= MOST:
            raise Refused("BAD_NUMBER", f"--last takes 1 to {MOST}.")
        database.connected()
        ways = plan.ways_back(connection, plan.loaded(connection), last)
        for way in ways:
            words = {"reversible": _word(way.is_reversible), "safe": _word(way.is_safe)}
            reason = {"reason": way.reason} if way.reason else {}
            self.token("db_rollback_plan", migration=way.name, **words, **reason)
        safe = sum(way.is_safe for way in ways)
        newest = ways[0].is_safe if ways else True
        verdict = {"status": "ok"} if newest else {"status": "unhealthy", "reason": "newest_not_safe"}
        self.token("db_rollback_plan", **verdict, reversible=safe, irreversible=len(ways) - safe)
        return Exit.OK if newest else Exit.UNHEALTHY


def _word(value: bool) -> str:
    return "yes" if value else "no"
