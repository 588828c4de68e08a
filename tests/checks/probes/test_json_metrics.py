"""Numbers of an aggregate endpoint against their bounds."""

import json
from typing import Any

import pytest

from checks.probes import json_metrics
from checks.probes.bounds import Bounds, parse_rule
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.targets import HttpTarget

NUMBERS = "delivered_total >= 10\nrates.suppression <= 0.05\nrates.hold 0..0.2"
GOOD = {"delivered_total": 40, "rates": {"suppression": 0.01, "hold": 0.2, "second_touch": 0.3}}


def measure(target: HttpTarget, document: Any, **spec: Any) -> Outcome | None:
    target.body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return run_probe(json_metrics.probe, {"url": target.url, "numbers": NUMBERS, **spec})


def test_numbers_within_their_bounds_pass_and_the_first_is_kept(http_target: HttpTarget) -> None:
    outcome = measure(http_target, GOOD)

    assert outcome is not None and outcome.ok and outcome.value == 40


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"delivered_total": 9, "rates": {"suppression": 0.9, "hold": 0}}, 9),
        ({"delivered_total": 10, "rates": {"suppression": 0.9, "hold": 0}}, 0.9),
        ({"delivered_total": 10, "rates": {"suppression": 0.05, "hold": -0.1}}, -0.1),
    ],
)
def test_the_number_that_breaks_its_bounds_is_kept(http_target: HttpTarget, document: Any, value: float) -> None:
    outcome = measure(http_target, document)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (ErrorClass.OUT_OF_BOUNDS, value)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"delivered_total": "40", "rates": {"suppression": 0, "hold": 0}},
        {"delivered_total": True, "rates": {"suppression": 0, "hold": 0}},
        {"delivered_total": 40, "rates": {"suppression": None, "hold": 0}},
        b'{"delivered_total": NaN, "rates": {"suppression": 0, "hold": 0}}',
        b'{"delivered_total": 1e999, "rates": {"suppression": 0, "hold": 0}}',
        b'{"delivered_total": ' + b"9" * 400 + b"}",
        b'{"delivered_total": ' + b"9" * 5000 + b"}",
        b"<html>",
        b"[" * 60_000,
    ],
)
def test_what_is_no_number_says_so(http_target: HttpTarget, document: Any) -> None:
    outcome = measure(http_target, document)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (ErrorClass.NO_NUMBER, None)


@pytest.mark.parametrize(("least", "is_known"), [(40, True), (41, False)])
def test_below_the_least_volume_nothing_is_said(http_target: HttpTarget, least: int, is_known: bool) -> None:
    outcome = measure(http_target, GOOD, volume_path="delivered_total", volume_least=least)

    assert (outcome is not None) is is_known


def test_a_least_volume_of_0_judges_an_empty_answer(http_target: HttpTarget) -> None:
    empty = {"delivered_total": 0, "rates": {"suppression": 0, "hold": 0}}

    outcome = measure(http_target, empty, volume_path="delivered_total", volume_least=0)

    assert outcome is not None and outcome.error is ErrorClass.OUT_OF_BOUNDS
    assert measure(http_target, empty, volume_path="delivered_total") is None


def test_a_volume_of_nothing_is_no_volume_to_judge_by(http_target: HttpTarget) -> None:
    outcome = measure(http_target, GOOD, volume_path="sent_total", volume_least=1)

    assert outcome is not None and outcome.error is ErrorClass.NO_NUMBER


@pytest.mark.parametrize(
    ("status", "error"), [(503, ErrorClass.STATUS_5XX), (429, ErrorClass.STATUS_429), (302, ErrorClass.ASSERTION)]
)
def test_any_other_status_fails(http_target: HttpTarget, status: int, error: ErrorClass) -> None:
    http_target.status = status
    outcome = measure(http_target, GOOD)

    assert outcome is not None and outcome.error is error


@pytest.mark.parametrize("spec", [{"numbers": ""}, {"numbers": "a is 3"}, {"volume_path": ".."}, {"headers": 3}])
def test_a_configuration_nobody_can_read_asks_nothing(http_target: HttpTarget, spec: dict[str, Any]) -> None:
    outcome = measure(http_target, GOOD, **spec)

    assert outcome is not None and outcome.error is ErrorClass.CONFIG
    assert http_target.requests == []


def test_rules_are_read_as_people_write_them() -> None:
    assert parse_rule("a.b >= -1.5e3") == ("a.b", Bounds(least=-1500.0))
    assert parse_rule('  ["odd key"].x   <=2 ') == ('["odd key"].x', Bounds(most=2.0))
    for text in ("a", "a 3", "a > 3", "a 5..4", "a >= nan", "a >= 1 b >= 2", ">= 3"):
        with pytest.raises(ValueError, match=r"rule|between|bound"):
            parse_rule(text)
