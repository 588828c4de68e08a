"""Verify every chain and write the outcome down, where the screen finds it again."""

import structlog

from opsportal.audit import actions
from opsportal.audit.models import AuditEvent
from opsportal.audit.queries import VERIFY
from opsportal.seals import heads
from opsportal.seals.chains import all_chains
from opsportal.seals.verify import Report, verify

log = structlog.get_logger("opsportal.audit")


def verify_all(*, by: str) -> list[Report]:
    """Walk all chains; a broken one is also an error in the log."""
    exported = heads.read(heads.file())
    reports = [verify(chain, exported) for chain in all_chains()]
    for report in reports:
        result = AuditEvent.Result.OK if report.is_whole else AuditEvent.Result.FAILED
        actions.record(VERIFY, by=by, object=report.chain, reason=report.token, result=result)
        if not report.is_whole:
            log.error("a chain is broken", chain=report.chain, first_bad=report.first_bad)
    return reports
