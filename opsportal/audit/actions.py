"""Write one line of the audit log, in the transaction of the act itself."""

import structlog

from opsportal.audit.models import AuditEvent


def record(act: str, *, by: str, object: str = "", reason: str = "", result: str = AuditEvent.Result.OK) -> AuditEvent:
    """Say that `by` did `act` (such as "role.change") to `object`. The request id comes from the log context."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return AuditEvent.objects.create(
        act=act, actor=by, object=object, reason=reason, result=result, request_id=request_id
    )
