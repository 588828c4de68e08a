"""Refuse a body that is too large before any of it is read."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opsportal.request_id import accepted_or_new

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class BodyLimit:
    """WSGI wrapper: over `limit` bytes the answer is 413 PAYLOAD_TOO_LARGE; `below` has other limits by path prefix.

    `lowered` says what an admin allows at this moment, or None; it never raises a limit (opsportal/degrade).
    By Content-Length before the first byte; a chunked body is read up to one byte more than allowed and handed on with
    a length, since Django would otherwise see an empty body (docs/decisions/0004-serving.md).
    """

    def __init__(
        self,
        app: App,
        *,
        limit: int,
        below: Mapping[str, int] | None = None,
        lowered: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.app = app
        self.limit = limit
        self.below = dict(below or {})
        self.lowered = lowered

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        limit = self._limit_of(environ.get("PATH_INFO") or "")
        length = environ.get("CONTENT_LENGTH") or ""
        if length:
            if not length.isdigit() or int(length) > limit:
                return _refuse(environ, start_response, limit)
        elif environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(limit + 1)
            if len(body) > limit:
                return _refuse(environ, start_response, limit)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.app(environ, start_response)

    def _limit_of(self, path: str) -> int:
        """The limit of this path: that of the first prefix it begins with."""
        limit = next((limit for prefix, limit in self.below.items() if path.startswith(prefix)), self.limit)
        return min(limit, self.lowered() or limit)


def _refuse(environ: Environ, start_response: StartResponse, limit: int) -> Iterable[bytes]:
    request_id = accepted_or_new(environ.get("HTTP_X_REQUEST_ID") or "")
    body = json.dumps(
        {
            "error": {
                "code": "PAYLOAD_TOO_LARGE",
                "message": f"The body may have {limit} bytes at most.",
                "request_id": request_id,
            }
        }
    ).encode()
    start_response(
        "413 Content Too Large",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
            ("X-Request-Id", request_id),
        ],
    )
    return [body]
