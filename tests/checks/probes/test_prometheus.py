"""Prometheus, by a server that speaks its API: instant queries with a time, vectors, scalars, errors."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from checks.probes import prometheus
from checks.probes.asking import BODY_CAP
from checks.probes.context import Context
from checks.probes.outcome import ErrorClass, Outcome
from checks.probes.prometheus import WEEK_SECONDS
from tests.checks.conftest import context_for, run_probe
from tests.checks.probes.counterparts import Asked, Reply, service

Numbers = Callable[[str, int], list[str]]
"""A query and how many weeks ago, to the samples of its series."""


def speaking(numbers: Numbers, asked: list[Asked] | None = None) -> Callable[[Asked], Reply]:
    """What Prometheus would say when these are the numbers it has."""

    def reply(one: Asked) -> Reply:
        if asked is not None:
            asked.append(one)
        if one.path != "/prom/api/v1/query":
            return 404, b"404 page not found"
        query, at = one.params["query"], float(one.params.get("time") or time.time())
        if query == "broken(":
            return 400, {"status": "error", "errorType": "bad_data", "error": f"parse error in {query}"}
        samples = numbers(query, round((time.time() - at) / WEEK_SECONDS))
        series = [{"metric": {"pod": f"secret-{place}"}, "value": [at, text]} for place, text in enumerate(samples)]
        return 200, {"status": "success", "data": {"resultType": "vector", "result": series}}

    return reply


def run(numbers: Numbers, *, asked: list[Asked] | None = None, **spec: Any) -> Outcome | None:
    with service(speaking(numbers, asked)) as url:
        return run_probe(prometheus.probe, {"url": f"{url}/prom", "query": "main", "judge": "bounds", **spec})


@pytest.mark.parametrize(
    ("sample", "least", "most", "error"),
    [
        ("0.05", None, 0.1, None),
        ("0.1", None, 0.1, None),
        ("0.11", None, 0.1, ErrorClass.OUT_OF_BOUNDS),
        ("0", 0.1, None, ErrorClass.OUT_OF_BOUNDS),
        ("5", 1, 9, None),
        ("-5", 0, 9, ErrorClass.OUT_OF_BOUNDS),
        ("1e3", 0, 999, ErrorClass.OUT_OF_BOUNDS),
    ],
)
def test_a_number_is_held_against_its_bounds_and_kept(
    sample: str, least: float | None, most: float | None, error: ErrorClass | None
) -> None:
    outcome = run(lambda query, weeks: [sample], least=least, most=most)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (error, float(sample))
    assert outcome.latency_ms is not None


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        ([], ErrorClass.NO_NUMBER),
        (["NaN"], ErrorClass.NO_NUMBER),
        (["+Inf"], ErrorClass.NO_NUMBER),
        (["many"], ErrorClass.NO_NUMBER),
        (["1", "2"], ErrorClass.MANY_SERIES),
    ],
)
def test_what_is_not_one_number_is_told_apart(samples: list[str], error: ErrorClass) -> None:
    outcome = run(lambda query, weeks: samples, most=1)

    assert outcome is not None and outcome.error is error and outcome.value is None
    assert outcome.latency_ms is not None  # it was answered, so it counts in the mean


@pytest.mark.parametrize(
    ("volume", "is_known"), [(["100"], True), (["99"], False), ([], False), (["NaN"], False), (["1", "1"], True)]
)
def test_below_the_least_volume_nothing_is_said(volume: list[str], is_known: bool) -> None:
    asked: list[Asked] = []

    def numbers(query: str, weeks: int) -> list[str]:
        return volume if query == "volume" else ["0.5"]

    outcome = run(numbers, asked=asked, most=0.1, volume_query="volume", volume_least=100)

    assert (outcome is not None) is is_known
    assert asked[0].params["query"] == "volume"
    if volume == ["1", "1"]:
        assert outcome is not None and outcome.error is ErrorClass.MANY_SERIES


@pytest.mark.parametrize(
    ("now", "past", "error"),
    [
        ("0.05", ["0.02", "0.03", "0.03", "0.9"], None),
        ("0.07", ["0.02", "0.03", "0.03", "0.9"], ErrorClass.OUT_OF_BOUNDS),
        ("0.009", ["0", "0", "0", "0"], None),
        ("0.011", ["0", "0", "0", "0"], ErrorClass.OUT_OF_BOUNDS),
        ("0.05", ["0.03", "", "NaN", "0.03"], None),
    ],
)
def test_a_number_is_compared_with_this_hour_of_the_last_four_weeks(
    now: str, past: list[str], error: ErrorClass | None
) -> None:
    asked: list[Asked] = []

    def numbers(query: str, weeks: int) -> list[str]:
        return [one for one in [[now, *past][weeks]] if one]

    outcome = run(numbers, asked=asked, judge="baseline", factor=2, floor=0.01)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (error, float(now))
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("direction", "now", "error"),
    [
        ("", "49", None),
        ("", "201", ErrorClass.OUT_OF_BOUNDS),
        ("below", "49", ErrorClass.OUT_OF_BOUNDS),
        ("below", "51", None),
        ("below", "900", None),
        ("both", "49", ErrorClass.OUT_OF_BOUNDS),
        ("both", "201", ErrorClass.OUT_OF_BOUNDS),
        ("both", "100", None),
    ],
)
def test_a_drop_below_the_baseline_is_judged_where_it_is_wanted(
    direction: str, now: str, error: ErrorClass | None
) -> None:
    spec: dict[str, Any] = {"judge": "baseline", "factor": 2, "floor": 10, "direction": direction}

    outcome = run(lambda query, weeks: ["100"] if weeks else [now], **spec)
    idle = run(lambda query, weeks: ["9"] if weeks else ["0"], **spec)

    assert outcome is not None and outcome.error is error
    assert idle is not None and idle.ok


async def _probe(address: str, context: Context) -> Outcome | None:
    return await prometheus.probe({"url": address, "query": "main", "most": 1}, context)


def test_waiting_for_the_host_is_no_part_of_the_time_of_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "DEADLINE_SECONDS", 0)
    address = "http://127.0.0.1:1/prom"

    async def behind_others() -> tuple[bool, Outcome | None]:
        async with context_for() as context:
            free = context.client.gate(address).free
            turns = [await free.acquire() for _ in range(context.client.per_host)]
            task = asyncio.create_task(_probe(address, context))
            await asyncio.sleep(0.1)
            is_waiting = not task.done()
            for _ in turns:
                free.release()
            return is_waiting, await task

    is_waiting, outcome = asyncio.run(behind_others())

    assert is_waiting and outcome is not None and outcome.error is ErrorClass.TIMEOUT


def test_without_a_past_nothing_is_said() -> None:
    outcome = run(lambda query, weeks: ["1"] if weeks < 2 else [], judge="baseline")

    assert outcome is None


@pytest.mark.parametrize(
    ("kind", "error"), [("scalar", None), ("matrix", ErrorClass.NO_NUMBER), ("string", ErrorClass.NO_NUMBER)]
)
def test_a_scalar_is_a_number_and_a_matrix_is_none(kind: str, error: ErrorClass | None) -> None:
    document = {"status": "success", "data": {"resultType": kind, "result": [1, "3"]}}
    with service(lambda asked: (200, document)) as url:
        outcome = run_probe(prometheus.probe, {"url": url, "query": "main", "most": 5})

    assert outcome is not None and outcome.error is error


def test_a_query_that_cannot_be_read_is_a_matter_of_configuration() -> None:
    outcome = run(lambda query, weeks: ["1"], query="broken(", most=1)

    assert outcome is not None and outcome.error is ErrorClass.CONFIG


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((503, {}), ErrorClass.STATUS_5XX),
        ((401, {}), ErrorClass.STATUS_4XX),
        ((302, {}), ErrorClass.ASSERTION),
        ((200, b"<html>"), ErrorClass.NO_NUMBER),
        ((200, []), ErrorClass.NO_NUMBER),
        ((200, {"data": None}), ErrorClass.NO_NUMBER),
        ((200, {"data": {"resultType": "vector", "result": [{"value": []}]}}), ErrorClass.NO_NUMBER),
        ((200, {"data": {"resultType": "vector", "result": {"a": 1, "b": 2}}}), ErrorClass.MANY_SERIES),
        ((200, {"data": {"resultType": "scalar", "result": [1, 10**400]}}), ErrorClass.NO_NUMBER),
        ((200, b" " * (BODY_CAP + 1)), ErrorClass.TOO_LARGE),
    ],
)
def test_a_server_that_is_not_prometheus_is_told_apart(reply: Reply, error: ErrorClass) -> None:
    with service(lambda asked: reply) as url:
        outcome = run_probe(prometheus.probe, {"url": url, "query": "main", "most": 5})

    assert outcome is not None and outcome.error is error


def test_all_queries_of_a_run_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "DEADLINE_SECONDS", 0.6)

    def slowly(query: str, weeks: int) -> list[str]:
        time.sleep(0.25)
        return ["1"]

    outcome = run(slowly, judge="baseline")

    assert outcome is not None and outcome.error is ErrorClass.TIMEOUT


@pytest.mark.parametrize("spec", [{}, {"least": "x"}, {"least": 3, "most": 2}, {"judge": "baseline", "factor": "x"}])
def test_a_configuration_nobody_can_read_asks_nothing(spec: dict[str, Any]) -> None:
    asked: list[Asked] = []
    outcome = run(lambda query, weeks: ["1"], asked=asked, **spec)

    assert outcome is not None and outcome.error is ErrorClass.CONFIG
    assert asked == []
