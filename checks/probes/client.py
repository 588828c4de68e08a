"""The one HTTP client of a process: guarded addresses, reused connections, few at a time for each host."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from opsportal.network import Forbidden, Guard

PORTAL = "portal:"
PER_HOST = 4


class GuardedResolver(AbstractResolver):
    """Resolves a name once and hands on only addresses the guard allows, so the checked address is the one used."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises Forbidden when no address of the name is allowed; OSError when there is none."""
        found = await self.resolver.resolve(host, port, family)
        allowed = [one for one in found if self._is_allowed(one["host"], port, host)]
        if not allowed:
            raise Forbidden("No address of this name is allowed.")
        return allowed

    def _is_allowed(self, address: str, port: int, host: str) -> bool:
        try:
            self.guard.check_address(address, port, host=host)
        except Forbidden:
            return False
        return True

    async def close(self) -> None:
        await self.resolver.close()


class HttpClient:
    """Lives as long as its event loop, so that connections stay open from one batch to the next.

    `portal:/path` is the portal itself at `portal_url`, which lies inside; nothing else gets past the guard that way.
    """

    def __init__(self, guard: Guard, *, portal_url: str, per_host: int = PER_HOST) -> None:
        self.guard = guard
        self.portal_url = portal_url.rstrip("/")
        self.per_host = per_host
        self._reusing = _session(guard, is_fresh=False)
        self._fresh = _session(guard, is_fresh=True)
        self._portal = _session(_portal_guard(self.portal_url), is_fresh=False)
        self._gates: dict[str, asyncio.Semaphore] = {}

    async def close(self) -> None:
        for session in (self._reusing, self._fresh, self._portal):
            await session.close()

    @asynccontextmanager
    async def get(self, address: str, *, is_fresh: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's status and headers; the body is still to be read. Redirects are answers like any other.

        Raises Forbidden, aiohttp.ClientError, OSError and ValueError.
        """
        if address.startswith(PORTAL):
            session, url = self._portal, URL(self.portal_url + address.removeprefix(PORTAL))
        else:
            # The parsed address is the one that is judged and used: parsers differ, and wide digits become digits.
            session, url = self._fresh if is_fresh else self._reusing, URL(address)
            self.guard.check_url(str(url))
        async with session.get(url, allow_redirects=False) as response:
            yield response

    def gate(self, address: str) -> asyncio.Semaphore:
        """At most `per_host` requests to one host at a time; wait here before the clock starts."""
        return self._gates.setdefault(urlsplit(address).netloc, asyncio.Semaphore(self.per_host))


def _portal_guard(portal_url: str) -> Guard:
    parts = urlsplit(portal_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Guard(targets=frozenset({((parts.hostname or "").lower(), port)}))


def _session(guard: Guard, *, is_fresh: bool) -> aiohttp.ClientSession:
    """No cookies, no proxies from the environment, no decompression: a compressed bomb stays as small as it came."""
    if is_fresh:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard), limit=0, use_dns_cache=False, force_close=True
        )
    else:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard), limit=0, ttl_dns_cache=60, keepalive_timeout=75
        )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": "Opsportal-check", "Accept": "*/*", "Accept-Encoding": "identity"},
    )
