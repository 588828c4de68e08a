"""The one HTTP client of a process: guarded addresses, reused connections, few at a time for each host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from opsportal.network import Guard
from opsportal.network_client import session

PORTAL = "portal:"
PER_HOST = 4


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
        for one in (self._reusing, self._fresh, self._portal):
            await one.close()

    @asynccontextmanager
    async def get(self, address: str, *, is_fresh: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's status and headers; the body is still to be read. Redirects are answers like any other.

        Raises Forbidden, aiohttp.ClientError, OSError and ValueError.
        """
        if address.startswith(PORTAL):
            path = address.removeprefix(PORTAL)
            if not path.startswith("/"):  # it would end the host's name, or make a user name of it
                raise ValueError("not a path of the portal")
            chosen, url = self._portal, URL(self.portal_url + path)
        else:
            # The parsed address is the one that is judged and used: parsers differ, and wide digits become digits.
            chosen, url = self._fresh if is_fresh else self._reusing, URL(address)
            self.guard.check_url(str(url))
        async with chosen.get(url, allow_redirects=False) as response:
            yield response

    def gate(self, address: str) -> asyncio.Semaphore:
        """At most `per_host` requests to one host at a time; wait here before the clock starts."""
        return self._gates.setdefault(urlsplit(address).netloc, asyncio.Semaphore(self.per_host))


def _portal_guard(portal_url: str) -> Guard:
    parts = urlsplit(portal_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Guard(targets=frozenset({((parts.hostname or "").lower(), port)}))


def _session(guard: Guard, *, is_fresh: bool) -> aiohttp.ClientSession:
    return session(guard, user_agent="Opsportal-check", is_fresh=is_fresh)
