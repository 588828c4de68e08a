"""Count refused knocks, ban and unban. An address comes in and leaves as a keyed hash at once."""

import ipaddress
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from opsportal.abuse.models import Ban, KnockCount
from opsportal.audit import actions as audit
from opsportal.errors import Refused

KEPT = timedelta(days=30)
LONGEST = timedelta(days=30)
LEAST_REASON = 10

_COUNT = """
INSERT INTO opsportal_knockcount AS seen (door, who, hour, count)
VALUES (%s, %s, date_trunc('hour', %s::timestamptz), 1)
ON CONFLICT (hour, door, who) DO UPDATE SET count = seen.count + 1
"""


def who(address: str) -> str:
    """Sixteen hex digits for an IPv4 address or an IPv6 /64, where everybody has a network of their own.

    The key is the portal's; nobody can turn the digits back by trying all addresses without it.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    network = ipaddress.ip_network((ip, 64 if ip.version == 6 else 32), strict=False)
    return salted_hmac("opsportal.abuse", str(network), algorithm="sha256").hexdigest()[:16]


def note(door: str, address: str, *, at: datetime) -> None:
    """One refused knock more."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [KnockCount.Door(door), who(address), at])


def is_banned(address: str, *, at: datetime) -> bool:
    return Ban.objects.running(at).filter(who=who(address)).exists()


@transaction.atomic
def ban(stranger: str, *, reason: str, lasts: timedelta, by: str, at: datetime) -> Ban:
    """Shut one stranger out for a while. A running ban is refused; lift it first."""
    reason = _needed(reason)
    if not timedelta() < lasts <= LONGEST:
        raise Refused("BAN_TOO_LONG", f"A ban lasts {LONGEST.days} days at most.")
    if Ban.objects.select_for_update().running(at).filter(who=stranger).exists():
        raise Refused("ALREADY_BANNED", "This one is banned already. Lift that ban first to change it.")
    row = Ban.objects.create(who=stranger, reason=reason, created_by=by, created_at=at, until=at + lasts)
    audit.record("abuse.ban", by=by, object=stranger, reason=reason)
    return row


@transaction.atomic
def unban(row: Ban, *, reason: str, by: str, at: datetime) -> None:
    """Let one stranger knock again."""
    reason = _needed(reason)
    row = Ban.objects.select_for_update().get(pk=row.pk)
    if row.lifted_at is not None:
        raise Refused("NOT_BANNED", "This ban was lifted already.")
    row.lifted_at, row.lifted_by, row.lift_reason = at, by, reason
    row.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    audit.record("abuse.unban", by=by, object=row.who, reason=reason)


def forget(*, at: datetime) -> int:
    """Drop counts that are older than kept; how many. Safe to run twice."""
    return KnockCount.objects.filter(hour__lt=at - KEPT).delete()[0]


def _needed(reason: str) -> str:
    if len(reason.strip()) < LEAST_REASON:
        raise Refused(
            "REASON_MISSING", f"Say why in {LEAST_REASON} characters or more; it is recorded in the audit log."
        )
    return reason.strip()
