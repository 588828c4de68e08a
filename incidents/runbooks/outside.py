"""Do the addresses outside the portal that runbooks link to still answer? Asked through the guard, a few at a time."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from incidents.runbooks import links, reading
from incidents.runbooks.models import OutsideLink, Runbook
from opsportal.network import Forbidden, Guard
from opsportal.network_client import session

# A link that answers is asked once a week, another once a day; so many at most each time, so long for all of them.
ALIVE_FOR, SILENT_FOR = timedelta(days=7), timedelta(days=1)
MOST, AT_ONCE = 20, 5
EACH_SECONDS, ALL_SECONDS = 8.0, 30.0
_GONE, _NO_HEAD, _BROKEN = (404, 410), (405, 501), 500
_LONGEST = 500
Found = OutsideLink.Found


@dataclass(frozen=True)
class Answer:
    """What came of asking: a word, and the number of the answer if there was one."""

    found: Found
    status: int | None = None


def look(*, at: datetime) -> int:
    """Learn which links there are, ask those whose time has come, count dead ones; how many were asked."""
    bodies = dict(Runbook.objects.current().order_by("pk").values_list("pk", "body"))
    hrefs = {pk: reading.read(body).links for pk, body in bodies.items()}
    _learn({one for found in hrefs.values() for one in links.outside_of(found) if len(one) <= _LONGEST})
    due = list(_due(at))
    answers = asyncio.run(ask([one.url for one in due], guard=Guard.from_list(settings.PROBE_ALLOWED_INTERNAL)))
    for one in due:
        _write(one, answers.get(one.url, Answer(Found.SILENT)), at=at)
    dead = {one.url for one in OutsideLink.objects.exclude(found=Found.ALIVE) if one.is_dead}
    for pk, found in hrefs.items():
        number = len(links.look(found).dead) + len(dead.intersection(found))
        Runbook.objects.filter(pk=pk).exclude(dead_links=number).update(dead_links=number)
    return len(due)


@transaction.atomic
def _learn(urls: set[str]) -> None:
    """A row for each address that stands in a text, and none for others."""
    OutsideLink.objects.exclude(url__in=urls).delete()
    OutsideLink.objects.bulk_create([OutsideLink(url=one) for one in sorted(urls)], ignore_conflicts=True)


def _due(at: datetime) -> Iterable[OutsideLink]:
    alive = Q(found=Found.ALIVE, looked_at__lt=at - ALIVE_FOR)
    other = ~Q(found=Found.ALIVE) & Q(looked_at__lt=at - SILENT_FOR)
    wanted = OutsideLink.objects.filter(Q(looked_at=None) | alive | other)
    return wanted.order_by(F("looked_at").asc(nulls_first=True), "pk")[:MOST]


def _write(link: OutsideLink, answer: Answer, *, at: datetime) -> None:
    link.found, link.status, link.looked_at = answer.found, answer.status, at
    link.misses = min(link.misses + 1, 99) if answer.found == Found.SILENT else 0
    link.save(update_fields=["found", "status", "looked_at", "misses"])


async def ask(urls: list[str], *, guard: Guard) -> dict[str, Answer]:
    """All of them, a few at once and none for long. Bodies are not read, redirects not followed."""
    found: dict[str, Answer] = {}
    if not urls:
        return found
    places = asyncio.Semaphore(AT_ONCE)
    async with session(guard, user_agent="Opsportal links", is_fresh=True) as client:

        async def one(url: str) -> None:
            async with places:
                found[url] = await _asked(client, guard, url)

        await asyncio.wait([asyncio.create_task(one(url)) for url in urls], timeout=ALL_SECONDS)
    return found


async def _asked(client: aiohttp.ClientSession, guard: Guard, url: str) -> Answer:
    try:
        guard.check_url(url)
        status = await _status(client, "HEAD", url)
        if status in _NO_HEAD:
            status = await _status(client, "GET", url)
    except Forbidden:
        return Answer(Found.GUARDED)
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        return Answer(Found.GUARDED if isinstance(problem.__cause__, Forbidden) else Found.SILENT)
    if status in _GONE:
        return Answer(Found.DEAD, status)
    return Answer(Found.SILENT if status >= _BROKEN else Found.ALIVE, status)


async def _status(client: aiohttp.ClientSession, method: str, url: str) -> int:
    limit = aiohttp.ClientTimeout(total=EACH_SECONDS)
    async with client.request(method, url, allow_redirects=False, timeout=limit) as answer:
        return answer.status
