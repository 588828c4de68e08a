"""What `audit_verify` and `timeline_verify` share: one walk, one line, one exit code, and what is written of it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from opsportal.audit import verification
from opsportal.commands import Exit, OpsCommand
from opsportal.seals import chains, heads
from opsportal.seals.verify import Report, verify


class VerifyCommand(OpsCommand):
    """Subclass and name the chain."""

    chain: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="Exported heads from elsewhere; default those of the data folder.",
        )

    def run(self, *, heads: Path | None = None, **_: Any) -> Exit:
        report = verify(chains.named(self.chain), _exported(heads))
        self._explain(report)
        self.stdout.write(report.token)
        verification.note(report, by="shell")
        return Exit.OK if report.is_whole else Exit.UNHEALTHY

    def _explain(self, report: Report) -> None:
        self.say(f"Compared with {report.heads} exported heads.")
        if report.unsigned_heads:
            self.say(f"{report.unsigned_heads} of them carry no signature of a key that is known here.")
        if report.fault:
            self.say(f"Row {report.first_bad}: {report.fault}.")


def _exported(path: Path | None) -> list[heads.Head]:
    return heads.read(path or heads.file())
