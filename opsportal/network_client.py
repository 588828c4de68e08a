"""HTTP sessions that reach only what the guard allows: the address that was judged is the one connected to.

Pure: no Django, so that probes can use it beside webhooks.
"""

import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from opsportal.network import Forbidden, Guard


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


def session(
    guard: Guard,
    *,
    user_agent: str,
    is_fresh: bool,
    trust: ssl.SSLContext | bool = True,
    response_class: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
) -> aiohttp.ClientSession:
    """No cookies, no proxies from the environment, no decompression: a compressed bomb stays as small as it came."""
    if is_fresh:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard), limit=0, use_dns_cache=False, force_close=True, ssl=trust
        )
    else:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(guard), limit=0, ttl_dns_cache=60, keepalive_timeout=75, ssl=trust
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
