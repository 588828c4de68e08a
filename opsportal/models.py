"""Table of contents: every model of the frame."""

from opsportal.accounts.models import LoginLink, User
from opsportal.audit.models import AuditEvent
from opsportal.outbox.models import Delivery
from opsportal.ticker.models import JobClaim

__all__ = ["AuditEvent", "Delivery", "JobClaim", "LoginLink", "User"]
