"""What tests of checks share: a clock, checks in a few words, and a client that may reach this machine."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from checks.catalogue.models import Check
from checks.probes.client import HttpClient
from checks.probes.context import Context, Probe
from checks.probes.outcome import Outcome
from incidents.ownership.models import Domain
from opsportal.network import Guard

AT = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    """The night of all tests."""
    return AT


@pytest.fixture
def add_check(db: None) -> Callable[..., Check]:
    """A check with believable defaults; name what matters."""

    def add(key: str = "checkout", **fields: Any) -> Check:
        defaults = {
            "name": key.replace("-", " ").capitalize(),
            "kind": "http",
            "spec": {"url": "https://shop.example/"},
            "domain": Domain.objects.get(slug="frontend"),
            "next_due": timezone.now() - timedelta(seconds=1),
        }
        return Check.objects.create(key=key, **{**defaults, **fields})

    return add


@asynccontextmanager
async def context_for(
    *, allowed: str = "127.0.0.0/8", trust: ssl.SSLContext | None = None, **fields: Any
) -> AsyncIterator[Context]:
    """The surroundings of one batch on the running loop."""
    guard = Guard.from_list([allowed] if allowed else [])
    client = HttpClient(guard, portal_url="http://127.0.0.1:1", trust=trust)
    try:
        yield Context(client=client, **fields)
    finally:
        await client.close()


def run_probe(probe: Probe, spec: dict[str, Any], **fields: Any) -> Outcome | None:
    """One run of a probe, as a batch would do it."""

    async def once() -> Outcome | None:
        async with context_for(**fields) as context:
            return await probe(spec, context)

    return asyncio.run(once())


def run_async(work: Callable[[], Awaitable[Any]]) -> Any:
    """The result of a coroutine function on a loop of its own."""

    async def main() -> Any:
        return await work()

    return asyncio.run(main())
