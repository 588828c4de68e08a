"""Around every request to /api/v1/: errors in the API's form outside, who is calling inside."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from opsportal.api import access, idempotency, throttle
from opsportal.api.errors import ApiError, in_our_form
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent

ROOT = "/api/v1/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class ApiErrorMiddleware:
    """Outermost: whatever refuses or breaks further in, the program reads the same envelope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(ROOT) or response.status_code < 400:
            return response
        return response if response.get("Content-Type", "").startswith("application/json") else in_our_form(response)


class ApiCallerMiddleware:
    """Innermost: recognise the token before any operation, and let a repeated request act once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        try:
            return self._answer(request)
        except ApiError as error:
            return error.response()

    def _answer(self, request: HttpRequest) -> HttpResponse:
        access.refuse_secret_in_address(request)
        caller = access.recognise(request)
        request.META["opsportal.caller"] = caller
        if caller is None or not idempotency.applies(request):
            response = self.get_response(request)
        else:
            response = idempotency.once(request, caller, self.get_response, at=timezone.now())
        if caller is not None and "opsportal.denied" in request.META:
            _note_denied(request, caller)
        return response


def _note_denied(request: HttpRequest, caller: access.Caller) -> None:
    """In the audit log once a minute for each token and scope, after the transaction that the refusal rolled back."""
    scope = request.META["opsportal.denied"]
    if throttle.is_first(f"denied:{caller.token.pk}:{scope}", at=timezone.now()):
        said = f"token {caller.token.pk} {scope}"
        audit.record("api.use", by=caller.user.username, object=said, result=AuditEvent.Result.DENIED)
