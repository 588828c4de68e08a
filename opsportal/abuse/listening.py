"""Refused sign-ins are heard where Django tells them, whatever form they came through."""

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.utils import timezone

from opsportal.abuse import actions
from opsportal.abuse.models import KnockCount


def _refused(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    if request is not None:
        actions.note(KnockCount.Door.SIGN_IN, request.META.get("REMOTE_ADDR", ""), at=timezone.now())


def listen() -> None:
    """Called once, when the app is ready."""
    user_login_failed.connect(_refused, dispatch_uid="abuse.refused")
