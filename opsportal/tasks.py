"""Table of contents: every background task of the frame."""

from opsportal.abuse.tasks import forget_knocks
from opsportal.api.tasks import forget_requests
from opsportal.audit.tasks import verify_chains, verify_chains_for
from opsportal.degrade.tasks import post_limits
from opsportal.outbox.tasks import deliver_due
from opsportal.seals.tasks import export_heads, seal
from opsportal.view_as.tasks import end_view_as

__all__ = [
    "deliver_due",
    "end_view_as",
    "export_heads",
    "forget_knocks",
    "forget_requests",
    "post_limits",
    "seal",
    "verify_chains",
    "verify_chains_for",
]
