"""`policy_check`: the four policies, one after the other."""

from typing import Any

from checks.operations import several
from opsportal.commands import Exit, OpsCommand

PARTS = ("check_docs_routes", "check_schema_policy", "check_version_consistency", "check_slo_policy")


class Command(OpsCommand):
    speaks = "policy_check"
    help = "Documents, schema, version and checks against the house's policies."

    def run(self, **_: Any) -> Exit:
        done = [several.run([name], say=self.stdout.write, stderr=self.stderr) for name in PARTS]
        worst = several.worst(done)
        if worst.code is not Exit.OK:
            self.token("policy_check", status="fail", reason=worst.reason)
            return Exit.ERROR
        self.token("policy_check", status="ok", checks=len(PARTS))
        return Exit.OK
