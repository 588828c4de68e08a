"""Who signed in, was refused, or signed out. Django tells it by signals; there is no other place that hears all."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from opsportal.audit import actions
from opsportal.audit.models import AuditEvent

UNKNOWN = "unknown"


def _signed_in(sender: object, user: Any, **_: object) -> None:
    actions.record("sign_in", by=user.get_username())


def _signed_out(sender: object, user: Any, **_: object) -> None:
    if user is not None:
        actions.record("sign_out", by=user.get_username())


def _refused(sender: object, credentials: dict[str, Any], **_: object) -> None:
    """A name that nobody has is not kept: people type passwords into the wrong field."""
    typed = str(credentials.get("username") or "")[:64]
    is_known = get_user_model()._default_manager.filter(username=typed).exists()
    actions.record("sign_in.refused", by=typed if is_known else UNKNOWN, result=AuditEvent.Result.DENIED)


def listen() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(_refused, dispatch_uid="audit.refused")
