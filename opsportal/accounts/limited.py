"""Sign-ins that were turned away unread, because there were too many."""

from datetime import datetime

from django.http import HttpRequest

from opsportal.abuse import actions as abuse
from opsportal.abuse.models import KnockCount
from opsportal.api import throttle
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.audit.sign_in import UNKNOWN


def note(request: HttpRequest, *, at: datetime) -> None:
    """One more on the abuse desk; one line in the audit log for each stranger and minute, whatever comes."""
    address = request.META.get("REMOTE_ADDR", "")
    abuse.note(KnockCount.Door.SIGN_IN, address, at=at)
    stranger = abuse.who(address)
    if throttle.is_first(f"sign-in:{stranger}", at=at):
        user = getattr(request, "user", None)
        by = user.get_username() if user is not None and user.is_authenticated else UNKNOWN
        audit.record("sign_in.limited", by=by, object=stranger, result=AuditEvent.Result.DENIED)
