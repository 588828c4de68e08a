"""How the house is, part by part, for the person on the host."""

from typing import Any

from opsportal.commands import Exit, OpsCommand
from opsportal.doctor.examination import examine


class Command(OpsCommand):
    speaks = "doctor"
    help = "Look at every part: one line each, then `doctor status=ok` or `status=fail`. Names and tokens only."

    def run(self, **_: Any) -> Exit:
        findings = examine()
        for finding in findings:
            reason = {"reason": finding.reason} if finding.reason else {}
            self.token("doctor", part=finding.part, status=finding.status, **reason)
            if finding.advice:
                self.say(f"{finding.part}: {finding.advice}")
        is_well = all(finding.is_well for finding in findings)
        self.token("doctor", status="ok" if is_well else "fail")
        return Exit.OK if is_well else Exit.UNHEALTHY
