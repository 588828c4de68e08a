"""Every error of the API in one form, `{"error": {"code", "message", "request_id"}}`.

Nothing that was sent comes back in it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as FieldError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from opsportal.errors import Refused

# What an answer without words of its own says.
_SAID: dict[int, tuple[str, str]] = {
    400: ("BAD_REQUEST", "The request cannot be read. Check its address, headers and body."),
    401: ("UNAUTHENTICATED", "Send a living token: Authorization: Bearer opsp_…"),
    403: ("FORBIDDEN", "This token or its owner may not do this."),
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not know this method; the Allow header names those it knows."),
    409: ("CONFLICT", "Somebody else changed this first. Read it again."),
    413: ("PAYLOAD_TOO_LARGE", "The body is too large."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."),
    422: ("VALIDATION_FAILED", "Some fields are missing or not accepted."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Wait as long as Retry-After says."),
    500: ("INTERNAL_ERROR", "Something broke here. Give the request id to an admin."),
    503: ("UNAVAILABLE", "The portal cannot answer right now. Try again soon."),
}
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Types of pydantic whose words would repeat what was sent, or its names.
_ECHOING = {"union_tag_invalid", "union_tag_not_found", "value_error", "assertion_error", "json_invalid"}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class ApiError(Exception):
    """An answer that is not a success; the frame turns it into the envelope."""

    def __init__(
        self,
        status: int,
        code: str = "",
        message: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        fields: list[dict[str, str]] | None = None,
    ) -> None:
        known_code, known_message = said(status)
        self.status, self.code, self.message = status, code or known_code, message or known_message
        self.headers, self.fields = dict(headers or {}), fields
        super().__init__(self.code)

    def response(self) -> HttpResponse:
        return envelope(self.status, self.code, self.message, headers=self.headers, fields=self.fields)


def said(status: int) -> tuple[str, str]:
    """Code and words of a status."""
    return _SAID.get(status) or _SAID[500 if status >= 500 else 400]


def envelope(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    fields: list[dict[str, str]] | None = None,
) -> HttpResponse:
    """The answer itself."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id}
    if fields is not None:
        error["fields"] = fields
    return JsonResponse({"error": error}, status=status, headers=dict(headers or {}))


def in_our_form(response: HttpResponse) -> HttpResponse:
    """An error that Django or a middleware answered as a page, as the envelope."""
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    return envelope(response.status_code, *said(response.status_code), headers=headers)


def register(api: NinjaAPI) -> None:
    """Teach an API what its exceptions mean. Others rise: Django logs them and the middleware answers 500."""
    for kind in (ApiError, Refused, ValidationError, FieldError, Http404, PermissionDenied, HttpError):
        api.add_exception_handler(kind, _answer)


def _answer(_: HttpRequest, problem: Any) -> HttpResponse:
    """The envelope for one exception."""
    if isinstance(problem, Refused):
        return envelope(problem.status, problem.code, problem.sentence)
    return _translated(problem).response()


def _translated(problem: Exception) -> ApiError:
    match problem:
        case ApiError():
            return problem
        case ValidationError():
            return ApiError(422, fields=fields_of(problem.errors))
        case FieldError():
            return ApiError(422, fields=_model_fields(problem))
        case PermissionDenied():
            return ApiError(403)
        case HttpError():
            return _of_ninja(problem)
    return ApiError(404)


def unauthenticated() -> ApiError:
    """401 without saying why: no token, a wrong one and an ended one look the same."""
    return ApiError(401, headers={"WWW-Authenticate": 'Bearer realm="opsportal"'})


def fields_of(problems: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Which field is wrong and how, from pydantic's list; values and unknown names are left out."""
    return [_field(problem) for problem in problems]


def _field(problem: Mapping[str, Any]) -> dict[str, str]:
    kind, path = str(problem["type"]), list(problem["loc"])
    if kind == "extra_forbidden":
        path, message = path[:-1], "There is a field here that the API does not know."
    elif kind in _ECHOING:
        message = "The value is not accepted here."
    else:
        message = str(problem["msg"])
    if path[:1] == ["body"]:
        del path[1:2]  # what we call the body among our own arguments; the program has sent no such name
    name = ".".join(str(part) if _PLAIN.fullmatch(str(part)) else "?" for part in path)
    return {"field": name, "code": kind, "message": message}


def _model_fields(error: FieldError) -> list[dict[str, str]]:
    """What a model refused. Django's sentences repeat the value, so only the codes go out."""
    found = error.error_dict if hasattr(error, "error_dict") else {"body": error.error_list}
    return [
        {"field": name, "code": str(one.code or "invalid"), "message": "The value is not accepted here."}
        for name, errors in found.items()
        for one in errors
    ]


def _of_ninja(error: HttpError) -> ApiError:
    """Ninja's own refusals; what our parser said is wrapped in one of them."""
    if isinstance(error.__cause__, ApiError):
        return error.__cause__
    if isinstance(error.__cause__, RequestDataTooBig):
        return ApiError(413)
    return unauthenticated() if isinstance(error, AuthenticationError) else ApiError(error.status_code)
