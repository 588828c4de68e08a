"""How often a token or an address may ask: over a sliding minute in PostgreSQL, so it holds in every process and
without Redis."""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from opsportal.abuse import actions as abuse
from opsportal.abuse.models import KnockCount
from opsportal.api.errors import ApiError
from opsportal.api.models import RequestCount

# One statement, so that no two requests take the last place. A refused request does not count, or whoever asks a little
# too often would never get in again; the first of a minute always passes.
_TAKE = """
INSERT INTO opsportal_requestcount AS seen (who, minute, count) VALUES (%(who)s, %(minute)s, 1)
ON CONFLICT (who, minute) DO UPDATE SET count = seen.count + 1
WHERE 60 * (seen.count + 1) + %(left)s * COALESCE(
  (SELECT count FROM opsportal_requestcount WHERE who = %(who)s AND minute = %(before)s), 0) <= 60 * %(most)s
RETURNING count
"""


def count_token(token_id: int, *, at: datetime) -> None:
    """Count one request of a token; ApiError 429 beyond API_REQUESTS_PER_MINUTE."""
    _count(f"token:{token_id}", settings.API_REQUESTS_PER_MINUTE, at)


def count_stranger(request: HttpRequest, *, at: datetime, door: str = KnockCount.Door.API) -> None:
    """Count one request without a living token; ApiError 429 beyond API_STRANGER_REQUESTS_PER_MINUTE."""
    try:
        _count(f"address:{_network(request)}", settings.API_STRANGER_REQUESTS_PER_MINUTE, at)
    except ApiError:
        abuse.note(door, request.META.get("REMOTE_ADDR", ""), at=at)
        raise


def is_first(what: str, *, at: datetime) -> bool:
    """True once a minute: for rows that a program in a loop must not write by the thousand."""
    return _take(what, 1, at)


def allows(what: str, most: int, *, at: datetime) -> bool:
    """Count one of `most` in a sliding minute, for doors beside the API; `what` names door and stranger."""
    return _take(what, most, at)


def forget_old(*, at: datetime) -> int:
    """Remove the counts of minutes that are over; returns how many."""
    return RequestCount.objects.filter(minute__lt=at - timedelta(minutes=2)).delete()[0]


def _count(who: str, most: int, at: datetime) -> None:
    if not _take(who, most, at):
        raise ApiError(429, headers={"Retry-After": str(_wait(who, most, at))})


def _take(who: str, most: int, at: datetime) -> bool:
    """One request of the `most` that the last sixty seconds may hold; the minute before counts as far as it reaches
    into them. Only a keyed hash is stored."""
    minute = at.replace(second=0, microsecond=0)
    values: dict[str, str | int | datetime] = {
        "who": _hashed(who),
        "minute": minute,
        "before": minute - timedelta(minutes=1),
        "left": 60 - at.second,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return cursor.fetchone() is not None


def _wait(who: str, most: int, at: datetime) -> int:
    """Seconds until the next request passes."""
    minute = at.replace(second=0, microsecond=0)
    counts = dict(RequestCount.objects.filter(who=_hashed(who)).values_list("minute", "count"))
    now, before = counts.get(minute, 0), counts.get(minute - timedelta(minutes=1), 0)
    free = most - now - 1
    opens_at = 60 - 60 * free // before if before and free >= 0 else 60
    return max(1, opens_at - at.second)


def _hashed(who: str) -> str:
    return salted_hmac("opsportal.api.throttle", who, algorithm="sha256").hexdigest()


def _network(request: HttpRequest) -> str:
    """The address, or its /64 where everybody has a network of their own."""
    given = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(given.partition("%")[0])
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
