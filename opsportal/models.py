"""Table of contents: every model of the frame."""

from opsportal.accounts.models import LoginLink, User
from opsportal.audit.models import AuditEvent
from opsportal.outbox.models import Delivery
from opsportal.seals.models import Seal
from opsportal.ticker.models import JobClaim
from opsportal.view_as.models import Viewing

__all__ = ["AuditEvent", "Delivery", "JobClaim", "LoginLink", "Seal", "User", "Viewing"]
