"""Verify every chain and write the outcome down, where the screen and the doctor find it again."""

from collections.abc import Callable

import structlog
from django.db import transaction

from opsportal.audit import actions
from opsportal.audit.models import AuditEvent
from opsportal.audit.queries import VERIFY, break_began
from opsportal.seals import heads
from opsportal.seals.chains import all_chains
from opsportal.seals.verify import Report, verify

log = structlog.get_logger("opsportal.audit")
# Rooms above that tell people: each hears of every broken chain with the row at which the break was first noted.
when_broken: list[Callable[[Report, int], None]] = []


def verify_all(*, by: str) -> list[Report]:
    """Walk all chains and note what was found."""
    exported = heads.read(heads.file())
    reports = [verify(chain, exported) for chain in all_chains()]
    for report in reports:
        note(report, by=by)
    return reports


@transaction.atomic
def note(report: Report, *, by: str) -> None:
    """One line of the audit log; a break is also an error in the log, and its listeners are called."""
    result = AuditEvent.Result.OK if report.is_whole else AuditEvent.Result.FAILED
    actions.record(VERIFY, by=by, object=report.chain, reason=report.token, result=result)
    if report.is_whole:
        return
    log.error("a chain is broken", chain=report.chain, first_bad=report.first_bad)
    for tell in when_broken:
        tell(report, break_began(report.chain))
