"""What bench/checks.py measures of a worker: whole ticks against a server on this machine.

Beside them, in the same rounds: the same requests by a bare aiohttp loop, which stores nothing and judges nothing.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")
os.environ["PROBE_ALLOWED_INTERNAL"] = "127.0.0.0/8"
CHECKS, HOSTS, ROUNDS = 1_000, 100, int(os.environ.get("OPSPORTAL_BENCH_ROUNDS") or 9)
IN_FLIGHT = 150  # as in checks/runs/batch.py


def main() -> None:
    import django

    django.setup()
    with _target() as ports:
        urls = [f"http://127.0.0.1:{ports[number % HOSTS]}/health/{number}" for number in range(CHECKS)]
        try:
            print(json.dumps(_measured(urls)))
        finally:
            _close()


@contextmanager
def _target() -> Iterator[list[int]]:
    argv = [sys.executable, "-m", "bench._target", str(HOSTS)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield [int(port) for port in process.stdout.readline().split()]
    finally:
        process.stdin.close()
        process.wait(10)


def _measured(urls: list[str]) -> dict[str, float]:
    """The median of each figure over all rounds; the first round warms up."""
    _define(urls)
    seen: dict[str, list[float]] = {}
    for number in range(ROUNDS + 1):
        for name, is_fresh in (("kept", False), ("new", True)):
            bare = _timed(lambda is_fresh=is_fresh: _bare(urls, is_fresh=is_fresh))  # type: ignore[misc]
            _make_due(is_fresh=is_fresh)
            ours = _timed(_tick)
            if number:
                for key, value in _of_round(name, ours, bare).items():
                    seen.setdefault(key, []).append(value)
    _require_all_counted()
    return {name: statistics.median(values) for name, values in seen.items()}


def _of_round(name: str, ours: tuple[float, float], bare: tuple[float, float]) -> dict[str, float]:
    return {
        f"{name}_checks_per_s": CHECKS / ours[0],
        f"{name}_cpu_ms_per_check": 1000 * ours[1] / CHECKS,
        f"{name}_bare_requests_per_s": CHECKS / bare[0],
        f"{name}_bare_cpu_ms": 1000 * bare[1] / CHECKS,
        f"{name}_ratio_to_bare": bare[0] / ours[0],
        f"{name}_cpu_ratio_to_bare": ours[1] / bare[1],
    }


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock, and of this process's own work."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


# --- the worker -------------------------------------------------------------------------------------------------------


def _define(urls: list[str]) -> None:
    """What else runs would be measured too, so it does not."""
    from django.utils import timezone

    from checks.catalogue.models import Check
    from checks.scheduler import actions
    from incidents.ownership.models import Domain

    actions.upkeep(at=timezone.now())
    Check.objects.update(state="paused")
    domain = Domain.objects.get(slug="backend")
    Check.objects.bulk_create(
        Check(
            key=f"bench-{number}",
            name=f"Bench {number}",
            kind="http",
            domain=domain,
            every_seconds=86400,  # no second slot comes while one is measured
            spec={"url": url, "expect": "200", "json_path": "status", "json_equals": "ok"},
        )
        for number, url in enumerate(urls)
    )


def _make_due(*, is_fresh: bool) -> None:
    """Every slot comes at once, which is the worst that a grid of phases can do."""
    from django.db import connection

    way = 'spec || \'{"connection": "fresh"}\'' if is_fresh else "spec - 'connection'"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE checks_check SET next_due = now(), spec = {way} WHERE key LIKE 'bench-%'")


def _tick() -> None:
    from checks.scheduler import actions

    written = actions.tick()
    # The day's own slot of one or two may come meanwhile.
    assert CHECKS <= written <= CHECKS + 5, f"{written} of {CHECKS} were written"


def _require_all_counted() -> None:
    """A benchmark of failures, or of slots that were lost, says nothing."""
    from django.db.models import Sum

    from checks.rollups.models import MinuteBucket

    found = MinuteBucket.objects.aggregate(ok=Sum("ok"), err=Sum("err"), unknown=Sum("unknown"))
    assert found["ok"] >= 2 * (ROUNDS + 1) * CHECKS, found
    assert found["err"] == found["unknown"] == 0, found


# --- the bare client --------------------------------------------------------------------------------------------------


def _bare(urls: list[str], *, is_fresh: bool) -> None:
    """On the worker's own loop, as many at a time."""
    from checks.scheduler import loop

    loop.of_this_process().ask(_ask_all(urls, is_fresh=is_fresh))


_sessions: dict[bool, aiohttp.ClientSession] = {}


def _close() -> None:
    from checks.scheduler import loop

    for one in _sessions.values():
        loop.of_this_process().ask(one.close())
    loop.close()


async def _ask_all(urls: list[str], *, is_fresh: bool) -> None:
    if is_fresh not in _sessions:
        connector = aiohttp.TCPConnector(limit=0, force_close=True) if is_fresh else aiohttp.TCPConnector(limit=0)
        _sessions[is_fresh] = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def ask(url: str) -> None:
        async with gate, _sessions[is_fresh].get(url) as answer:
            assert answer.status == 200
            await answer.read()

    await asyncio.gather(*map(ask, urls))


if __name__ == "__main__":
    main()
