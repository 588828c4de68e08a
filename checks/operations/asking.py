"""One plain request to the portal's own address, from a shell that has nothing but this machine's Python."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from opsportal.errors import Refused

TIMEOUT_SECONDS = 10.0
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """Status, milliseconds, and the body when it is an object of JSON."""

    status: int
    ms: float
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Base:
    """Where a portal answers."""

    is_https: bool
    host: str
    port: int | None
    path: str

    @classmethod
    def read(cls, url: str) -> "Base":
        """Refused when it is no address of the web, or one with a name and a password in it."""
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
            raise Refused("BASE_URL_WRONG", "--base-url takes an address such as https://ops.example.org.")
        return cls(parts.scheme == "https", host, port, parts.path.rstrip("/"))

    def ask(self, path: str, *, body: bytes | None = None, token: str = "") -> Reply:
        """GET, or POST of JSON; Refused `health_connect_failed` when nobody answers in time."""
        line = self._line()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        started = time.perf_counter()
        try:
            line.request("GET" if body is None else "POST", self.path + path, body=body, headers=headers)
            answer = line.getresponse()
            text = answer.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException):
            raise Refused("HEALTH_CONNECT_FAILED", "Nobody answers at this address within ten seconds.") from None
        finally:
            line.close()
        return Reply(answer.status, (time.perf_counter() - started) * 1000, _object(text))

    def _line(self) -> http.client.HTTPConnection:
        if self.is_https:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
