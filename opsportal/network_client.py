"""HTTP sessions that reach only what the guard allows: the address that was judged is the one connected to.

Pure: no Django, so that probes can use it beside webhooks.
"""

import asyncio
import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from opsportal.network import Forbidden, Guard


class Lookups:
    """Names being looked up on a loop, each once at a time however many wait for it.

    A lookup takes a thread that nobody can stop, for as long as dead name servers are waited for: who asks leaves when
    its own time is over, and whoever asks for the same name next joins what is under way.
    """

    def __init__(self) -> None:
        self.resolver = ThreadedResolver()
        self._under_way: dict[tuple[str, int, socket.AddressFamily], asyncio.Task[list[ResolveResult]]] = {}

    async def ask(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        """The addresses of a name; OSError when there is none."""
        wanted = (host, port, family)
        if wanted not in self._under_way:
            task = asyncio.get_running_loop().create_task(self.resolver.resolve(host, port, family))
            self._under_way[wanted] = task
            task.add_done_callback(lambda ended: self._forget(wanted, ended))
        return await asyncio.shield(self._under_way[wanted])

    def _forget(self, wanted: tuple[str, int, socket.AddressFamily], ended: asyncio.Task[list[ResolveResult]]) -> None:
        del self._under_way[wanted]
        if not ended.cancelled():
            ended.exception()  # nobody may be waiting for it any more


class GuardedResolver(AbstractResolver):
    """Resolves a name once and hands on only addresses the guard allows, so the checked address is the one used."""

    def __init__(self, guard: Guard, lookups: Lookups | None = None) -> None:
        self.guard = guard
        self.lookups = lookups or Lookups()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises Forbidden when no address of the name is allowed; OSError when there is none."""
        found = await self.lookups.ask(host, port, family)
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
        """There is nothing to close."""


def session(
    guard: Guard,
    *,
    user_agent: str,
    is_fresh: bool,
    trust: ssl.SSLContext | bool = True,
    response_class: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
    lookups: Lookups | None = None,
) -> aiohttp.ClientSession:
    """No cookies, no proxies from the environment, no decompression: a compressed bomb stays as small as it came."""
    if is_fresh:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard, lookups), limit=0, use_dns_cache=False, force_close=True, ssl=trust
        )
    else:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard, lookups), limit=0, ttl_dns_cache=60, keepalive_timeout=75, ssl=trust
        )
    return aiohttp.ClientSession(
        connector=connector,
        response_class=response_class,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"},
    )
