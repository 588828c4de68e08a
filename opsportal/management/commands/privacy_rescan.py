"""Are old rows clean under today's rules? Counts by field and kind, never a text, never an id."""

from typing import Any

from opsportal.commands import Exit, OpsCommand
from opsportal.privacy.rescan import rescan


class Command(OpsCommand):
    speaks = "privacy_rescan"
    help = "Look through every stored free text again: one line a field, one line a kind found. Changes nothing."

    def run(self, **_: Any) -> Exit:
        rows = block = warn = 0
        for report in rescan():
            rows, block, warn = rows + report.rows, block + report.block, warn + report.warn
            if report.block or report.warn:
                self.token("privacy_rescan", field=report.name, rows=report.rows, block=report.block, warn=report.warn)
                for kind, count in sorted(report.kinds.items()):
                    self.token("privacy_rescan", field=report.name, kind=kind.replace(" ", "_"), count=count)
        if not block and not warn:
            self.token("privacy_rescan", status="clean", rows=rows)
            return Exit.OK
        self.token("privacy_rescan", status="found", rows=rows, block=block, warn=warn)
        return Exit.UNHEALTHY
