"""How often a token or an address may ask: counted per minute in PostgreSQL, so it holds in every process and
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

_COUNT = """
INSERT INTO opsportal_requestcount AS seen (who, minute, count) VALUES (%s, %s, 1)
ON CONFLICT (who, minute) DO UPDATE SET count = seen.count + 1
RETURNING count
"""


def count_token(token_id: int, *, at: datetime) -> None:
    """Count one request of a token; ApiError 429 beyond API_REQUESTS_PER_MINUTE."""
    _count(f"token:{token_id}", settings.API_REQUESTS_PER_MINUTE, at)


def count_stranger(request: HttpRequest, *, at: datetime) -> None:
    """Count one request without a living token; ApiError 429 beyond API_STRANGER_REQUESTS_PER_MINUTE."""
    try:
        _count(f"address:{_network(request)}", settings.API_STRANGER_REQUESTS_PER_MINUTE, at)
    except ApiError:
        abuse.note(KnockCount.Door.API, request.META.get("REMOTE_ADDR", ""), at=at)
        raise


def is_first(what: str, *, at: datetime) -> bool:
    """True once a minute: for rows that a program in a loop must not write by the thousand."""
    return _increment(what, at) == 1


def forget_old(*, at: datetime) -> int:
    """Remove the counts of minutes that are over; returns how many."""
    return RequestCount.objects.filter(minute__lt=at - timedelta(minutes=2)).delete()[0]


def _count(who: str, most: int, at: datetime) -> None:
    if _increment(who, at) > most:
        wait = 60 - at.second
        raise ApiError(429, headers={"Retry-After": str(wait)})


def _increment(who: str, at: datetime) -> int:
    """The number of this one in the running minute. Only a keyed hash is stored."""
    hashed = salted_hmac("opsportal.api.throttle", who, algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [hashed, at.replace(second=0, microsecond=0)])
        row = cursor.fetchone()
    return int(row[0])


def _network(request: HttpRequest) -> str:
    """The address, or its /64 where everybody has a network of their own."""
    given = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(given.partition("%")[0])
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
