"""Write one line of the audit log, in the transaction of the act itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from opsportal.audit.models import AuditEvent
from opsportal.privacy import guard

_OBJECT, _REASON = 128, 500
# The admin behind a view-as: whatever happens meanwhile stands under that name.
_behind: ContextVar[str] = ContextVar("audit_behind", default="")
# By which door this work came. Workers open none: what they do, the portal does by itself.
_door: ContextVar[str] = ContextVar("audit_door", default=AuditEvent.Source.SYSTEM)


def record(act: str, *, by: str, object: str = "", reason: str = "", result: str = AuditEvent.Result.OK) -> AuditEvent:
    """Say that `by` did `act` (such as "role.change") to `object`. The request id comes from the log context."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return AuditEvent.objects.create(
        act=act,
        actor=_behind.get() or by,
        # Names and reasons that people typed, in a table that only grows.
        object=guard.cleaned(object)[:_OBJECT],
        reason=guard.cleaned(reason)[:_REASON],
        result=result,
        request_id=request_id,
        source=_door.get(),
    )


def door() -> str:
    """By which door the work of this moment came; those who keep records of their own say the same."""
    return _door.get()


@contextmanager
def recorded_as(username: str) -> Iterator[None]:
    """Write every line of this block under the name of the person who really sits there."""
    token = _behind.set(username)
    try:
        yield
    finally:
        _behind.reset(token)


@contextmanager
def coming_by(source: AuditEvent.Source) -> Iterator[None]:
    """Say in every line of this block by which door it came."""
    token = _door.set(source)
    try:
        yield
    finally:
        _door.reset(token)
