"""What happens around every request: its id, no caching of staff pages, refusals in words."""

from collections.abc import Callable

import structlog
from django.core.exceptions import BadRequest
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from psycopg.errors import UniqueViolation

from opsportal.audit.actions import coming_by
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Refused
from opsportal.htmx import show_refusal, wants_part
from opsportal.request_id import accepted_or_new

log = structlog.get_logger("opsportal.request")
GetResponse = Callable[[HttpRequest], HttpResponse]
_RIGHTS = ", ".join(
    (
        *(f"{right}=()" for right in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")),
        *(f"publickey-credentials-{act}=(self)" for act in ("create", "get")),
    )
)


class RequestIdMiddleware:
    """Accept a well-formed X-Request-Id or make one; it comes back and stands in every log line and audit row."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = accepted_or_new(request.headers.get("X-Request-Id", ""))
        door = AuditEvent.Source.API if request.path.startswith("/api/v1/") else AuditEvent.Source.WEB
        with structlog.contextvars.bound_contextvars(request_id=request_id), coming_by(door):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            if response.status_code >= 500:
                log.error("answered", method=request.method, path=request.path, status=response.status_code)
        return response


class NulMiddleware:
    """PostgreSQL cannot hold NUL: a query or a cookie with one is not understood. Forms refuse it by themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        values = (value for _, several in request.GET.lists() for value in several)
        if any("\0" in text for text in (request.path, *values, *request.COOKIES.values())):
            raise BadRequest("NUL")
        return self.get_response(request)


class EncodingMiddleware:
    """Forms and programs write UTF-8; a body that says it is something else is not understood."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (request.content_params or {}).get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
            raise BadRequest("charset")
        return self.get_response(request)


class NotModifiedMiddleware:
    """A poll without news, in 300 bytes: what a page may load was said when it came and holds for as long as it stays.

    Kept is what HTTP wants repeated (RFC 9110, 15.4.5), the tag and the request's id.
    """

    KEPT = frozenset({"cache-control", "etag", "vary", "hx-ptag", "x-request-id"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 304:
            for name in [name for name in response.headers if name.lower() not in self.KEPT]:
                del response[name]
        return response


class BrowserRightsMiddleware:
    """What a page may ask a browser for: passkeys, and nothing else; and nobody else's page may load ours."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = _RIGHTS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class MethodMiddleware:
    """Who types the address of a button reads what it is; Django's own 405 is empty, and the browser's page is shown.

    An answer with words of its own keeps them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content or wants_part(request):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


class NoStoreMiddleware:
    """Staff pages are never kept by a browser or a proxy; static files and the public page do not pass here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response


class RefusedMiddleware:
    """A refusal that no view turned into a form error: the sentence as a note or a page of its own, 403, 409 or 422.

    Two people who give the same name at the same moment pass the form's look; the database lets one of them through.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, IntegrityError) and isinstance(exception.__cause__, UniqueViolation):
            log.warning("two at the same moment", path=request.path)
            exception = Conflict("SAME_MOMENT", "Somebody saved the same a moment ago. Look at it, then send again.")
        if not isinstance(exception, Refused):
            return None
        return show_refusal(request, exception.sentence, exception.code, status=exception.status)
