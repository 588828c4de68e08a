"""Refuse a body that is too large before any of it is read."""

import io
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class BodyLimit:
    """WSGI wrapper: over `limit` bytes the answer is 413 PAYLOAD_TOO_LARGE.

    By Content-Length before the first byte; a chunked body is read up to one byte more than allowed and handed on with
    a length, since Django would otherwise see an empty body (docs/decisions/0004-serving.md).
    """

    def __init__(self, app: App, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        if length:
            if not length.isdigit() or int(length) > self.limit:
                return self._refuse(start_response)
        elif environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(self.limit + 1)
            if len(body) > self.limit:
                return self._refuse(start_response)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.app(environ, start_response)

    def _refuse(self, start_response: StartResponse) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        body = json.dumps(
            {
                "error": {
                    "code": "PAYLOAD_TOO_LARGE",
                    "message": f"The body may have {self.limit} bytes at most.",
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
