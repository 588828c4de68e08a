"""Who asks and what they may: the token from the header, its scopes, and its owner's role at this moment."""

import re
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from opsportal.api import throttle
from opsportal.api.errors import ApiError, unauthenticated
from opsportal.models import ApiToken, User
from opsportal.tokens import actions as tokens
from opsportal.tokens import scopes, secret

# Names under which programs put a secret into an address; logs, proxies and browser histories keep those.
_SECRET_NAMES = {"token", "access_token", "api_token", "api_key", "apikey", "auth", "authorization", "bearer"}
_HEADER = re.compile(r"bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """A person, through one of their tokens."""

    user: User
    token: ApiToken

    @property
    def scopes(self) -> tuple[str, ...]:
        """What this token may do now: its scopes within the person's role."""
        reached = {scope.name for scope in scopes.within(self.user.role)}
        return tuple(name for name in self.token.scopes if name in reached)


class ApiRequest(HttpRequest):
    """A request that an operation sees."""

    auth: Caller


class Scoped(HttpBearer):
    """Lets an operation answer only tokens with this scope: `@router.get("/x", auth=Scoped("incidents:read"))`.

    Without a scope any living token will do; only what concerns the token itself may ask for so little.
    """

    def __init__(self, scope: str | None) -> None:
        if scope is not None and scope not in scopes.BY_NAME:
            raise ValueError(f"no such scope: {scope}")
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        caller = caller_of(request)
        if caller is None:
            throttle.count_stranger(request, at=timezone.now())
            raise unauthenticated()
        if self.scope is not None and self.scope not in caller.scopes:
            request.META["opsportal.denied"] = self.scope
            raise _denied(caller, self.scope)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> None:
        """Not asked: the middleware has looked the token up before the operation's transaction began."""


def _denied(caller: Caller, scope: str) -> ApiError:
    if scope in caller.token.scopes:
        needed = scopes.BY_NAME[scope].role.label.lower()
        message = f"{scope} needs the role {needed} or above, which the token's owner does not have now."
        return ApiError(403, "ROLE_TOO_LOW", message)
    return ApiError(403, "SCOPE_MISSING", f"This token lacks the scope {scope}.")


def caller_of(request: HttpRequest) -> Caller | None:
    """Whom the middleware recognised."""
    found: Caller | None = request.META.get("opsportal.caller")
    return found


def recognise(request: HttpRequest) -> Caller | None:
    """The caller behind the Authorization header; counts against the token's limit."""
    given = _HEADER.fullmatch(request.headers.get("Authorization", "").strip())
    at = timezone.now()
    token = tokens.recognise(given[1], at=at) if given else None
    if token is None:
        return None
    throttle.count_token(token.pk, at=at)
    return Caller(token.user, token)


def refuse_secret_in_address(request: HttpRequest) -> None:
    """ApiError 400 for a token in the query string, whether it is a living one or not."""
    for name, values in request.GET.lists():
        if name.lower() in _SECRET_NAMES or any(secret.PREFIX in value for value in (name, *values)):
            message = (
                "Never put a token into an address: logs keep addresses. Send it as a header, "
                "Authorization: Bearer opsp_…, and rotate this one, since it may have been seen."
            )
            raise ApiError(400, "TOKEN_IN_QUERY", message)
