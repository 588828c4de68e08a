"""`check_slo_policy`: every check has an owner and a rule that can come true."""

from typing import Any

from django.conf import settings
from django.utils.timezone import now

from checks.operations.policies import slo_policy
from checks.operations.policies.command import PolicyCommand
from checks.operations.policies.finding import Result
from opsportal.commands import Exit


class Command(PolicyCommand):
    speaks = "check_slo_policy"
    help = "Look for checks nobody answers for, and for rules and objectives outside the policy."

    def run(self, **options: Any) -> Exit:
        if not settings.DATABASE_CONFIGURED:
            self.token(self.speaks, status="not_configured", reason="missing_dsn")
            self.say("Checks live in the database, and none is set.")
            return Exit.OK
        return super().run(**options)

    def look(self) -> Result:
        return slo_policy.look(now())
