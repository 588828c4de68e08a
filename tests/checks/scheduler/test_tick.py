"""A whole tick: claim, run against a real server, write; and the batch's own promises."""

import asyncio
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.context import Context, Probe, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from checks.rollups.models import MinuteBucket
from checks.runs import actions as runs
from checks.runs import batch, blocking
from checks.runs.batch import Flight, Result, Run
from checks.runs.models import Flip
from checks.scheduler import actions, loop
from checks.scheduler.claim import Claim, claim
from opsportal.models import JobClaim
from tests.checks.conftest import context_for
from tests.targets import HttpTarget

AddCheck = Callable[..., Check]


@pytest.fixture(autouse=True)
def own_loop(settings: Settings) -> Iterator[None]:
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    loop.close()
    yield
    loop.close()


@pytest.fixture
def only_mine(db: None) -> None:
    Check.objects.update(state=State.PAUSED)


def tick_again(check: Check) -> Check:
    """The check's next slot has come."""
    Check.objects.filter(pk=check.pk).update(next_due=timezone.now() - timedelta(seconds=1))
    actions.tick()
    check.refresh_from_db()
    return check


@pytest.mark.usefixtures("only_mine")
def test_a_tick_runs_what_is_due_and_beats(add_check: AddCheck, http_target: HttpTarget) -> None:
    check = add_check(spec={"url": http_target.url})

    assert (actions.tick(), actions.tick()) == (1, 0)

    check.refresh_from_db()
    assert (check.state, check.last_ok, check.last_error) == (State.HEALTHY, True, "")
    assert check.last_latency_ms is not None and check.last_latency_ms > 0
    assert MinuteBucket.objects.get(check_id=check.pk).ok == 1
    assert JobClaim.objects.get(name="checks.tick").done_at is not None


@pytest.mark.usefixtures("only_mine")
def test_a_target_that_goes_down_and_comes_back_flips_twice(add_check: AddCheck, http_target: HttpTarget) -> None:
    check = add_check(spec={"url": http_target.url}, fail_after=2, ok_after=2)
    assert tick_again(check).state == State.HEALTHY

    http_target.stop()
    assert tick_again(check).state == State.HEALTHY
    assert tick_again(check).state == State.UNHEALTHY
    assert check.last_error == "connect"

    http_target.start()
    assert tick_again(check).state == State.UNHEALTHY
    assert tick_again(check).state == State.HEALTHY
    assert Flip.objects.filter(check_ref=check).count() == 3


@pytest.mark.usefixtures("only_mine")
def test_a_target_that_hangs_costs_nobody_else_a_slot(add_check: AddCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick check has its second run, and both its results are written, while the other still waits."""
    quick, hanging = add_check("quick", kind="tcp"), add_check("hanging", kind="dns")
    quick_runs = 0

    async def count(spec: Spec, context: Context) -> Outcome | None:
        nonlocal quick_runs
        quick_runs += 1
        return passed()

    async def wait_for_it(spec: Spec, context: Context) -> Outcome | None:
        while quick_runs < 2:
            await asyncio.sleep(0.01)
        return passed()

    def write(token: UUID, results: list[Result], **words: Any) -> int:
        written = runs.write(token, results, **words)
        if quick_runs < 2:
            Check.objects.filter(pk=quick.pk).update(next_due=timezone.now() - timedelta(minutes=1))
        return written

    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=count))
    monkeypatch.setitem(KINDS, "dns", replace(KINDS["dns"], probe=wait_for_it))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(actions, "runs", SimpleNamespace(write=write))

    assert actions.tick() == 3

    counted = MinuteBucket.objects.values("check_id").annotate(ok=Sum("ok"))
    assert {row["check_id"]: row["ok"] for row in counted} == {quick.pk: 2, hanging.pk: 1}
    assert not Check.objects.exclude(lease_token=None).exists()


@pytest.mark.usefixtures("only_mine")
def test_pauses_end_while_something_hangs(add_check: AddCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that waits for one target looks after the others all the same."""
    add_check("hanging", kind="dns")
    paused, looks = add_check("paused", kind="tcp", state=State.PAUSED), 0

    def look() -> int:
        nonlocal looks
        looks += 1
        Check.objects.filter(pk=paused.pk, state=State.PAUSED).update(paused_until=timezone.now() - timedelta(hours=1))
        return 0

    async def wait_for_it(spec: Spec, context: Context) -> Outcome | None:
        while looks < 3:
            await asyncio.sleep(0.01)
        return passed()

    async def pass_at_once(spec: Spec, context: Context) -> Outcome | None:
        return passed()

    monkeypatch.setitem(KINDS, "dns", replace(KINDS["dns"], probe=wait_for_it))
    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=pass_at_once))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(blocking, "settle", look)

    actions.tick()

    paused.refresh_from_db()
    assert paused.state != State.PAUSED


@pytest.mark.usefixtures("only_mine")
def test_probes_go_on_while_the_tick_is_at_the_database(add_check: AddCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each would be timed by how long our own writing takes, and fail by it."""
    ended = Event()

    async def take_a_while(spec: Spec, context: Context) -> Outcome | None:
        await asyncio.sleep(0.01)
        ended.set()
        return passed()

    add_check(kind="tcp")
    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=take_a_while))
    claimed = claim(limit=5, kinds=("tcp",))
    assert claimed is not None

    loop.of_this_process().launch(claimed)

    assert ended.wait(30)  # nobody asked the loop for anything meanwhile
    assert [len(part.results) for part in loop.of_this_process().land()] == [1]


@pytest.mark.usefixtures("only_mine")
def test_what_cannot_be_written_costs_the_rest_of_its_lease_nothing(
    add_check: AddCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_check("quick", kind="tcp")
    hanging, tries = add_check("hanging", kind="dns"), 0

    async def pass_at_once(spec: Spec, context: Context) -> Outcome | None:
        return passed()

    async def wait_for_it(spec: Spec, context: Context) -> Outcome | None:
        while not tries:
            await asyncio.sleep(0.01)
        return passed()

    def write(token: UUID, results: list[Result], **words: Any) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OperationalError("canceling statement due to statement timeout")
        return runs.write(token, results, **words)

    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=pass_at_once))
    monkeypatch.setitem(KINDS, "dns", replace(KINDS["dns"], probe=wait_for_it))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(actions, "runs", SimpleNamespace(write=write))

    with pytest.raises(OperationalError):
        actions.tick()
    assert actions.tick() == 1

    assert list(MinuteBucket.objects.values_list("check_id", "ok")) == [(hanging.pk, 1)]


@pytest.mark.usefixtures("only_mine")
def test_no_more_is_claimed_than_may_be_under_way(add_check: AddCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def note(*, limit: int, kinds: Sequence[str]) -> Claim | None:
        asked.append(limit)
        return claim(limit=limit, kinds=kinds) if len(asked) == 1 else None

    async def wait_for_it(spec: Spec, context: Context) -> Outcome | None:
        while len(asked) < 2:
            await asyncio.sleep(0.01)
        return passed()

    add_check(kind="tcp")
    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=wait_for_it))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(actions, "claim", note)

    assert actions.tick(actions.Lane("checks.tick", ("tcp",), at_once=5)) == 1

    assert asked[:2] == [5, 4]


@pytest.mark.django_db
def test_the_portals_own_figures_are_checked(settings: Settings) -> None:
    Check.objects.exclude(kind="portal").update(state=State.PAUSED)
    Check.objects.update(next_due=timezone.now() - timedelta(seconds=1))

    assert actions.tick() == 5

    disk = Check.objects.get(key="portal-disk")
    assert disk.last_ok is not None
    assert disk.last_value is not None and 0 < disk.last_value <= 100


def run(*probes: Probe, seconds: float = 5.0) -> list[Result]:
    async def once() -> list[Result]:
        async with context_for() as context:
            asked = [Run(place, "test", {}, probe) for place, probe in enumerate(probes)]
            flight = Flight(asked, context, loop=asyncio.get_running_loop(), seconds=seconds)
            await flight.wait(seconds)
            return flight.take()

    return asyncio.run(once())


async def quick(spec: Spec, context: Context) -> Outcome | None:
    return passed(latency_ms=1.0)


async def stuck(spec: Spec, context: Context) -> Outcome | None:
    await asyncio.sleep(60)
    return passed()


async def broken(spec: Spec, context: Context) -> Outcome | None:
    raise RuntimeError("hunter2, as it was answered")


@pytest.mark.parametrize(("chosen", "threads"), [("", "32"), ("8", "8")])
def test_names_that_nobody_answers_for_leave_threads_for_others(
    monkeypatch: pytest.MonkeyPatch, chosen: str, threads: str
) -> None:
    monkeypatch.setenv("UV_THREADPOOL_SIZE", chosen)
    loop.close()

    loop.of_this_process()

    # libuv looks names up in half of its threads, and reads how many when it needs the first.
    assert os.environ["UV_THREADPOOL_SIZE"] == threads


def test_what_is_not_done_at_the_deadline_is_unknown() -> None:
    started = time.monotonic()

    results = run(quick, stuck, seconds=0.2)

    assert [result.outcome for result in results] == [passed(latency_ms=1.0), None]
    assert time.monotonic() - started < 30


def test_what_breaks_a_probe_is_a_failure_of_its_own_check_and_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    results = run(broken, quick)

    assert [result.outcome for result in results] == [failed(ErrorClass.BROKEN), passed(latency_ms=1.0)]
    assert "RuntimeError" in caplog.text and "hunter2" not in caplog.text


async def threadless(spec: Spec, context: Context) -> Outcome | None:
    raise RuntimeError("can't start new thread")


async def out_of_memory(spec: Spec, context: Context) -> Outcome | None:
    raise MemoryError


async def out_of_sockets(spec: Spec, context: Context) -> Outcome | None:
    raise ConnectionError("hunter2") from OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("probe", [threadless, out_of_memory, out_of_sockets])
def test_what_our_own_machine_has_no_room_for_is_unknown(probe: Probe, caplog: pytest.LogCaptureFixture) -> None:
    results = run(probe, quick)

    assert [result.outcome for result in results] == [None, passed(latency_ms=1.0)]
    assert "no room for a probe" in caplog.text and "hunter2" not in caplog.text


async def hung(spec: Spec, context: Context) -> Outcome | None:
    turn = context.turn("http://hung.example/")
    async with turn:
        await asyncio.sleep(0.1)
        turn.gate.note(is_silent=spec.get("answers", 0) == 0)
        await asyncio.sleep(60)
    return passed()


async def answered_once(spec: Spec, context: Context) -> Outcome | None:
    return await hung({"answers": 1}, context)


@pytest.mark.usefixtures("only_mine")
def test_many_that_wait_for_one_host_hold_no_claim_back(
    add_check: AddCheck, http_target: HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = Event()

    async def at_one_host(spec: Spec, context: Context) -> Outcome | None:
        async with context.turn("http://busy.example/"):
            await asyncio.to_thread(released.wait, 60)
        return passed()

    async def elsewhere(spec: Spec, context: Context) -> Outcome | None:
        released.set()
        return passed()

    monkeypatch.setitem(KINDS, "tcp", replace(KINDS["tcp"], probe=at_one_host))
    monkeypatch.setitem(KINDS, "tls", replace(KINDS["tls"], probe=elsewhere))
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", 0.05)
    long_ago = timezone.now() - timedelta(minutes=1)
    for number in range(6):
        add_check(f"busy-{number}", kind="tcp", next_due=long_ago)
    add_check("elsewhere", kind="tls")

    assert actions.tick(actions.Lane("checks.tick", ("tcp", "tls"), at_once=6)) == 7
    assert Check.objects.filter(last_ok=True).count() == 7


def test_who_waits_for_a_host_keeps_no_place_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "IN_FLIGHT", 5)

    results = run(*[hung] * 20, quick, seconds=0.5)

    assert results[-1].outcome == passed(latency_ms=1.0)


@pytest.mark.parametrize(("first", "outcome"), [(hung, failed(ErrorClass.TIMEOUT)), (answered_once, None)])
def test_who_never_had_a_turn_at_a_host_that_answered_nobody_is_a_timeout(
    first: Probe, outcome: Outcome | None
) -> None:
    results = run(hung, hung, hung, first, hung, hung, seconds=0.5)

    assert [result.outcome for result in results] == [None] * 4 + [outcome] * 2


def test_one_host_is_asked_by_four_at_a_time(http_target: HttpTarget) -> None:
    from checks.probes import http

    http_target.latency = 0.3

    async def ask(spec: Spec, context: Context) -> Outcome | None:
        return await http.probe({"url": http_target.url}, context)

    started = time.monotonic()
    results = run(*[ask] * 12)

    assert all(result.outcome is not None and result.outcome.ok for result in results)
    assert time.monotonic() - started >= 0.9
    # Waiting for a turn is not the host's latency; with it the last four would have 900 ms and more.
    assert min(result.outcome.latency_ms or 0 for result in results[8:] if result.outcome) < 800
