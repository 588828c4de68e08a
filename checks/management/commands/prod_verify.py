"""`prod_verify`: is production as it has to be? After each deploy, each rollback and each week."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from checks.operations import several
from opsportal import env, prod_config
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused


class Command(OpsCommand):
    speaks = "prod_verify"
    help = (
        "--dry-run looks at the configuration only; --verify also at the database, the checks and the running portal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Configuration only.")
        parser.add_argument("--verify", action="store_true", help="Everything; the worst exit code wins.")

    def run(self, *, dry_run: bool, verify: bool, **_: Any) -> Exit:
        if dry_run == verify:
            raise Refused("UNKNOWN_MODE", "Say either --dry-run or --verify.")
        if set(env.missing_names()) >= set(env.REQUIRED_ALWAYS):
            self.token("prod_verify", status="not_configured", reason="missing_env")
            self.say("None of production's names is set, so there is no production to verify.")
            return Exit.OK
        found = prod_config.read("prod_required")
        for line in found.lines():
            self.stdout.write(line)
        if not found.is_complete:
            return self.failed("missing_env", "Set the names above, then run this again.")
        return self._ended([several.Ended(Exit.OK, "")], "dry_run") if dry_run else self._verify()

    def _verify(self) -> Exit:
        parts: tuple[Sequence[str], ...] = (
            ("db_verify",),
            ("ops_daily", "--mode=ci", "--strict"),
            ("check_runtime_health", f"--base-url={settings.BASE_URL}"),
        )
        done = [several.run(words, say=self.stdout.write, stderr=self.stderr) for words in parts]
        return self._ended(done, "verify")

    def _ended(self, parts: list[several.Ended], mode: str) -> Exit:
        worst = several.worst(parts)
        if worst.code is Exit.OK:
            self.token("prod_verify", status="ok", mode=mode)
        else:
            self.token("prod_verify", status="fail", mode=mode, reason=worst.reason)
        return worst.code
