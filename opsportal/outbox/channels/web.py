"""One request to a guarded address: bounded in time and size, redirects never followed. Pure."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from opsportal.network import Forbidden, Guard
from opsportal.network_client import session
from opsportal.outbox.channels.answer import Answer, of_status

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """How it went, and the body when somebody asked for it."""

    answer: Answer
    body: bytes = b""


def post(url: str, body: bytes, headers: Mapping[str, str], guard: Guard) -> Answer:
    """Send a body and hear the status; what else the receiver says is not read."""
    return asyncio.run(_exchange("POST", url, body, headers, guard, reads=False)).answer


def ask(method: str, url: str, body: bytes | None, headers: Mapping[str, str], guard: Guard) -> Reply:
    """Send, and read the answer up to 4 MiB."""
    return asyncio.run(_exchange(method, url, body, headers, guard, reads=True))


async def _exchange(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], guard: Guard, *, reads: bool
) -> Reply:
    try:
        address = URL(url)
        guard.check_url(str(address))
        async with (
            session(guard, user_agent="Opsportal", is_fresh=True) as client,
            client.request(
                method, address, data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT
            ) as response,
        ):
            answer = of_status(response.status, response.headers, now=time.time())
            if answer.error or not reads:
                response.close()
                return Reply(answer)
            return await _read(response)
    except TimeoutError:
        return Reply(Answer("timeout"))
    except Forbidden:
        return Reply(Answer("forbidden"))
    except aiohttp.ClientConnectorDNSError:
        return Reply(Answer("dns"))
    except aiohttp.ClientSSLError:
        return Reply(Answer("tls"))
    except (aiohttp.ClientError, ValueError, OSError):
        return Reply(Answer("connect"))


async def _read(response: aiohttp.ClientResponse) -> Reply:
    found = bytearray()
    async for piece in response.content.iter_chunked(65_536):
        found += piece
        if len(found) > _MOST_BYTES:
            response.close()
            return Reply(Answer("too_long"))
    return Reply(of_status(response.status), bytes(found))
