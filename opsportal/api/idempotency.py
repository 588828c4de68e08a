"""Idempotency-Key: the answer is stored in the transaction of the act, and the same request gets it again for a day."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from opsportal.api.access import Caller
from opsportal.api.errors import ApiError
from opsportal.api.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)
HEADER = "Idempotency-Key"
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CANCELED = "57014"
# Waits for a transaction that is writing the same key; an answer older than a day makes room.
_CLAIM = """
INSERT INTO opsportal_keptanswer AS kept (user_id, key, fingerprint, status, body, created_at)
VALUES (%(user)s, %(key)s, %(fingerprint)s, 0, '', %(at)s)
ON CONFLICT (user_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = 0, body = '', created_at = excluded.created_at
WHERE kept.created_at <= %(old)s
RETURNING id
"""


def applies(request: HttpRequest) -> bool:
    """Whether the request writes and asks for it."""
    return request.method in WRITING and HEADER in request.headers


def once(
    request: HttpRequest, caller: Caller, answer: Callable[[HttpRequest], HttpResponse], *, at: datetime
) -> HttpResponse:
    """Answer, or give the stored answer again.

    Of any number of equal requests at the same time one acts and the others wait for its answer. A refusal stores
    nothing, so the same key may try again. ApiError 409 when the key was used for something else.
    """
    given = request.headers[HEADER]
    if not _KEY.fullmatch(given):
        raise ApiError(400, "INVALID_IDEMPOTENCY_KEY", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    key = hashlib.sha256(given.encode()).hexdigest()  # a program's own words are not kept
    fingerprint = _fingerprint(request, caller)
    with transaction.atomic():
        claimed = _claim(caller, key, fingerprint, at)
        if claimed is None:
            return _again(caller, key, fingerprint)
        response = answer(request)
        if response.status_code >= 400 or response.streaming:
            transaction.set_rollback(True)
        else:
            KeptAnswer.objects.filter(pk=claimed).update(status=response.status_code, body=response.content.decode())
    return response


def _claim(caller: Caller, key: str, fingerprint: str, at: datetime) -> int | None:
    given: dict[str, int | str | datetime] = {
        "user": caller.user.pk,
        "key": key,
        "fingerprint": fingerprint,
        "at": at,
        "old": at - KEPT_FOR,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, given)
            row = cursor.fetchone()
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) != _CANCELED:
            raise
        message = "The first request with this Idempotency-Key is still running. Try again soon."
        raise ApiError(409, "IDEMPOTENCY_KEY_IN_USE", message, headers={"Retry-After": "5"}) from None
    return row[0] if row else None


def _again(caller: Caller, key: str, fingerprint: str) -> HttpResponse:
    kept = KeptAnswer.objects.get(user=caller.user, key=key)
    if kept.fingerprint != fingerprint:
        raise ApiError(
            409, "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another request. Make a new one."
        )
    return HttpResponse(
        kept.body,
        status=kept.status,
        content_type="application/json; charset=utf-8" if kept.body else "text/plain",
        headers={"Idempotency-Replayed": "true"},
    )


def _fingerprint(request: HttpRequest, caller: Caller) -> str:
    """What was asked, and with which rights: an answer is not given again to a token that could not ask for it."""
    said = f"{request.method} {request.get_full_path()}\n{' '.join(caller.scopes)}\n".encode()
    return hashlib.sha256(said + request.body).hexdigest()


def forget_old(*, at: datetime) -> int:
    """Remove what is older than a day; returns how many rows."""
    return KeptAnswer.objects.filter(created_at__lte=at - KEPT_FOR).delete()[0]
