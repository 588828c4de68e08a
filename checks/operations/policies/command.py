"""What the four policy commands share: a line for each finding, then the verdict."""

from typing import Any

from checks.operations.policies.finding import Result
from opsportal.commands import Exit, OpsCommand


class PolicyCommand(OpsCommand):
    """Subclass, name the line and look."""

    def look(self) -> Result:
        raise NotImplementedError

    def run(self, **_: Any) -> Exit:
        result = self.look()
        for one in result.findings:
            self.token(self.speaks, finding=one.reason, where=one.where)
        if result.findings:
            self.token(self.speaks, status="fail", reason=result.findings[0].reason)
            return Exit.ERROR
        self.token(self.speaks, status="ok", count=result.count)
        return Exit.OK
