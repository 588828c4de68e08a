"""Lower the request limits for a while, and bring the configured ones back. Never above what is configured."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from opsportal.audit import actions as audit
from opsportal.degrade.models import LoweredLimits
from opsportal.degrade.posted import Lowered, write
from opsportal.errors import Refused

LONGEST = timedelta(hours=24)
LEAST_REASON = 10
# What people write must still come through, above all the update that says why programs are turned away.
LEAST_BODY = 16 * 1024
PORTAL = "portal"


def least_body() -> int:
    """How far the size of a body may go down."""
    return min(LEAST_BODY, settings.MAX_REQUEST_BODY_BYTES)


@transaction.atomic
def lower(*, body_bytes: int, batch_items: int, lasts: timedelta, reason: str, by: str, at: datetime) -> LoweredLimits:
    """Take less from now on. Takes the place of limits that are lowered already, without a gap between them."""
    _require(body_bytes, batch_items, lasts, reason)
    _end(by=by, at=at)
    row = LoweredLimits.objects.create(
        body_bytes=body_bytes,
        batch_items=batch_items,
        reason=reason.strip(),
        created_by=by,
        created_at=at,
        until=at + lasts,
    )
    said = f"body={body_bytes} items={batch_items} minutes={int(lasts.total_seconds() // 60)}"
    audit.record("limits.lower", by=by, object=said, reason=row.reason)
    transaction.on_commit(partial(post, at=at))
    return row


@transaction.atomic
def restore(*, by: str, at: datetime) -> None:
    """Bring the configured limits back before the end."""
    if not _end(by=by, at=at):
        raise Refused("NOT_LOWERED", "The limits are the configured ones already.")
    audit.record("limits.restore", by=by)
    transaction.on_commit(partial(post, at=at))


@transaction.atomic
def write_down_ends(*, at: datetime) -> int:
    """What ended by itself gets its line in the audit log; how many. Safe to run twice."""
    over = LoweredLimits.objects.open().filter(until__lte=at)
    ended = over.update(ended_at=at, ended_by=PORTAL)
    for _ in range(ended):
        audit.record("limits.restore", by=PORTAL, reason="The time was over.")
    return ended


def current(at: datetime) -> LoweredLimits | None:
    """The limits that are lowered now."""
    return LoweredLimits.objects.running(at).order_by("-pk").first()


def post(*, at: datetime) -> None:
    """Write the file that the processes read, as the rows say. Safe to run twice."""
    row = current(at)
    lowered = Lowered(row.body_bytes, row.batch_items, row.until.timestamp()) if row else None
    write(Path(settings.DATA_DIR), lowered)


def _require(body_bytes: int, batch_items: int, lasts: timedelta, reason: str) -> None:
    usual = (settings.MAX_REQUEST_BODY_BYTES, settings.INGEST_MAX_BATCH_ITEMS)
    if len(reason.strip()) < LEAST_REASON:
        raise Refused(
            "REASON_MISSING", f"Say why in {LEAST_REASON} characters or more; it is recorded in the audit log."
        )
    if not timedelta() < lasts <= LONGEST:
        raise Refused("TOO_LONG", "Limits are lowered for 24 hours at most.")
    if not (least_body() <= body_bytes <= usual[0] and 1 <= batch_items <= usual[1]):
        raise Refused("NOT_LOWER", "Limits may only be lowered, and not so far that people cannot write any more.")
    if (body_bytes, batch_items) == usual:
        raise Refused("NOT_LOWER", "These are the configured limits. Lower one of them.")


def _end(*, by: str, at: datetime) -> int:
    """Write down the end of what runs; how many."""
    return LoweredLimits.objects.running(at).update(ended_at=at, ended_by=by)
