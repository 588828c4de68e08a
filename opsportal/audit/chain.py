"""The audit log's seals."""

from opsportal.audit.models import AuditEvent
from opsportal.seals.chains import Chain, register

CHAIN = Chain(
    name="audit",
    model=AuditEvent,
    forms=(
        ("id", "at", "actor", "act", "object", "reason", "result", "request_id"),
        ("id", "at", "actor", "act", "object", "reason", "result", "request_id", "source"),
    ),
)


def keep() -> None:
    """Called once, when the app is ready."""
    register(CHAIN)
