"""`ops_daily`: the daily health lines, aggregate only."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from checks.operations import daily
from opsportal import env, prod_config
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.schema import database

MODES = ("ci", "prod")


class Command(OpsCommand):
    speaks = "ops_daily"
    help = "Print one aggregate line for each daily check, the totals and the watchdog's verdict."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mode", default="ci", help="ci or prod")
        parser.add_argument("--strict", action="store_true", help="Unknown and blocked checks count as unhealthy.")

    def run(self, *, mode: str, strict: bool, **_: Any) -> Exit:
        if mode not in MODES:
            raise Refused("UNKNOWN_MODE", f"There is no mode {mode!r}. Known modes: {', '.join(MODES)}.")
        if mode == "prod" and not self._config_is_complete():
            return Exit.ERROR
        database.verify()
        return self._report(strict=strict or mode == "prod")

    def _config_is_complete(self) -> bool:
        found = prod_config.read("prod_required")
        for line in found.lines():
            self.stdout.write(line)
        return found.is_complete

    def _report(self, *, strict: bool) -> Exit:
        report = daily.report(timezone.now(), guard=env.text("OPS_DAILY_VOLUME_GUARD"))
        for line in report.lines:
            self.stdout.write(str(line))
        self.stdout.write(report.totals())
        status, reason = report.verdict(strict=strict)
        self.token("ops_daily_watchdog", status=status, **({"reason": reason} if reason else {}))
        return Exit.OK if status == "healthy" else Exit.UNHEALTHY
