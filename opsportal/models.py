"""Table of contents: every model of the frame."""

from opsportal.abuse.models import Ban, KnockCount
from opsportal.accounts.models import LoginLink, User
from opsportal.api.models import KeptAnswer, RequestCount
from opsportal.audit.models import AuditEvent
from opsportal.degrade.models import LoweredLimits
from opsportal.outbox.models import Delivery, Destination, Route
from opsportal.privacy.models import LeakCount
from opsportal.seals.models import Seal
from opsportal.secrets.models import KeyProof
from opsportal.ticker.models import JobClaim
from opsportal.tokens.models import ApiToken
from opsportal.view_as.models import Viewing

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Ban",
    "Delivery",
    "Destination",
    "JobClaim",
    "KeptAnswer",
    "KeyProof",
    "KnockCount",
    "LeakCount",
    "LoginLink",
    "LoweredLimits",
    "RequestCount",
    "Route",
    "Seal",
    "User",
    "Viewing",
]
