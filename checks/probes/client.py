"""The one HTTP client of a process: guarded addresses, reused connections, few at a time for each host."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from checks.probes.turns import Gate
from opsportal.network import Guard
from opsportal.network_client import Lookups, session

PORTAL = "portal:"
PER_HOST = 4


@dataclass(frozen=True)
class Request:
    """What is asked and how. A body of unknown length needs its length among the headers."""

    address: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterable[bytes] | None = None
    is_fresh: bool = False


class Answer(aiohttp.ClientResponse):
    """Remembers until when the certificate is good: a short answer has given its connection back before one asks."""

    not_after: str = ""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        secured = connection.transport.get_extra_info("ssl_object") if connection.transport else None
        if secured is not None:
            self.not_after = str((secured.getpeercert() or {}).get("notAfter", ""))
        return await super().start(connection)


class HttpClient:
    """Lives as long as its event loop, so that connections stay open from one batch to the next.

    `portal:/path` is the portal itself at `portal_url`, which lies inside; nothing else gets past the guard that way.
    `trust` is made once, since reading the list of authorities costs more than a request.
    """

    def __init__(
        self, guard: Guard, *, portal_url: str, per_host: int = PER_HOST, trust: ssl.SSLContext | None = None
    ) -> None:
        self.guard = guard
        self.portal_url = portal_url.rstrip("/")
        self.per_host = per_host
        self.trust = trust or ssl.create_default_context()
        self.lookups = Lookups()
        self._reusing = self._session(guard, is_fresh=False)
        self._fresh = self._session(guard, is_fresh=True)
        self._portal = self._session(_portal_guard(self.portal_url), is_fresh=False)
        self._gates: dict[str, Gate] = {}

    async def close(self) -> None:
        for one in (self._reusing, self._fresh, self._portal):
            await one.close()

    @asynccontextmanager
    async def ask(self, request: Request) -> AsyncIterator[Answer]:
        """The answer's status and headers; the body is still to be read. Redirects are answers like any other.

        Raises Forbidden, aiohttp.ClientError, OSError and ValueError.
        """
        if request.address.startswith(PORTAL):
            path = request.address.removeprefix(PORTAL)
            if not path.startswith("/"):  # it would end the host's name, or make a user name of it
                raise ValueError("not a path of the portal")
            chosen, url = self._portal, URL(self.portal_url + path)
        else:
            # The parsed address is the one that is judged and used: parsers differ, and wide digits become digits.
            chosen, url = self._fresh if request.is_fresh else self._reusing, URL(request.address)
            self.guard.check_url(str(url))
        if request.params:
            url = url.extend_query(request.params)
        async with chosen.request(
            request.method, url, headers=request.headers, data=request.body, allow_redirects=False
        ) as response:
            assert isinstance(response, Answer)
            yield response

    def gate(self, address: str) -> Gate:
        """At most `per_host` requests to one host at a time; ValueError for what is no address."""
        host = urlsplit(address).netloc
        if host not in self._gates:
            self._gates[host] = Gate(self.per_host)
        return self._gates[host]

    def _session(self, guard: Guard, *, is_fresh: bool) -> aiohttp.ClientSession:
        return session(
            guard,
            user_agent="Opsportal-check",
            is_fresh=is_fresh,
            trust=self.trust,
            response_class=Answer,
            lookups=self.lookups,
        )


def _portal_guard(portal_url: str) -> Guard:
    parts = urlsplit(portal_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Guard(targets=frozenset({((parts.hostname or "").lower(), port)}))
