"""A form that is sent twice, by an impatient thumb or a slow network, acts once; the second shows the first result.

The template writes `{% form_key %}` into the form, the view is marked `@sent_once`. What is remembered is a digest of
the key with everything that was typed: who goes back, writes something else and sends again has sent something else.
"""

import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django_htmx.http import HttpResponseClientRefresh

from opsportal.htmx import see, status_message, wants_part
from opsportal.models import KeptAnswer
from opsportal.signed_in import person

View = Callable[..., HttpResponse]
FIELD = "form_key"
_SAID = "This was sent already. Here is what became of it."


def new_key() -> str:
    """For one drawing of a form."""
    return secrets.token_urlsafe(16)


def sent_once(view: View) -> View:
    """Of any number of equal forms at the same time one acts, and the others wait for it and show where it led.

    A form that was refused is forgotten, so that it may be sent again. Safe for forms without a key: each of them acts.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        with transaction.atomic():
            kept, is_first = _claim(request)
            if not is_first:
                return _again(request, kept.body)
            response = view(request, *args, **kwargs)
            if response.status_code >= 400:
                kept.delete()
            else:
                kept.status, kept.body = response.status_code, _address(response)
                kept.save(update_fields=["status", "body"])
            return response

    return answer


def _claim(request: HttpRequest) -> tuple[KeptAnswer, bool]:
    """Waits for a transaction that handles the same form."""
    whose = {"user": person(request), "key": _digest(request)}
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(**whose, fingerprint="form", created_at=now()), True
    except IntegrityError:
        return KeptAnswer.objects.get(**whose), False


def _digest(request: HttpRequest) -> str:
    typed = [(name, request.POST.getlist(name)) for name in sorted(request.POST) if name != "csrfmiddlewaretoken"]
    return hashlib.sha256(f"form {request.path} {typed}".encode()).hexdigest()


def _address(response: HttpResponse) -> str:
    """Where it led; nothing when the page itself was changed."""
    return str(response.headers.get("HX-Redirect") or response.headers.get("Location") or "")


def _again(request: HttpRequest, address: str) -> HttpResponse:
    status_message(request, _SAID)
    if address:
        return see(request, address)
    return HttpResponseClientRefresh() if wants_part(request) else see(request, "/")
