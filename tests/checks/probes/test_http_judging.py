"""What the HTTP probe looks for in an answer: method, text, JSON, version, certificate, headers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.probes import http, json_path
from checks.probes.asking import BODY_CAP
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.checks.probes.certificates import Authority, secured
from tests.targets import HttpTarget


def ask(url: str, *, around: Mapping[str, Any] | None = None, **spec: Any) -> Outcome:
    outcome = run_probe(http.probe, {"url": url, **spec}, **(around or {}))
    assert outcome is not None
    return outcome


def test_head_asks_without_a_body(http_target: HttpTarget) -> None:
    assert ask(http_target.url, method="HEAD").ok
    assert http_target.requests[0].method == "HEAD"
    assert ask(http_target.url, method="DELETE").error is ErrorClass.CONFIG
    assert len(http_target.requests) == 1


def test_a_text_that_must_not_be_there(http_target: HttpTarget) -> None:
    http_target.body = b"all fine"

    assert ask(http_target.url, keyword_absent="stack trace").ok
    assert ask(http_target.url, keyword="fine", keyword_absent="all").error is ErrorClass.ASSERTION


def test_absence_is_not_claimed_of_what_was_not_read(http_target: HttpTarget) -> None:
    http_target.body = b"x" * (BODY_CAP + 1)

    assert ask(http_target.url, keyword_absent="stack trace").error is ErrorClass.TOO_LARGE
    assert ask(http_target.url, keyword="xxx").ok


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        ({"expect": "201"}, "It answered with status 200."),
        ({"keyword": "thanks"}, "The text is not in the answer."),
        ({"keyword_absent": "secret"}, "The text that must not be there is there."),
        ({"json_path": "status"}, "The answer is no JSON, or has nothing or another value at the path."),
    ],
)
def test_who_tries_it_hears_which_condition_failed_and_nothing_of_the_answer(
    http_target: HttpTarget, spec: dict[str, Any], note: str
) -> None:
    http_target.body = b"a secret of the shop"

    assert ask(http_target.url, around={"is_trial": True}, **spec).notes == (note,)
    assert ask(http_target.url, **spec).notes == ()


@pytest.mark.parametrize(
    ("path", "equals", "is_ok"),
    [
        ("status", "ok", True),
        ("status", "OK", False),
        ("status", "", True),
        ("build.items[1].live", "true", True),
        ("build.items.1.live", "true", True),
        ("build.count", "3", True),
        ("build.none", "null", True),
        ('["odd key"]', "x", True),
        ("build", "{}", False),
        ("missing", "", False),
        ("status.deeper", "", False),
        ("build.items[9]", "", False),
    ],
)
def test_a_value_at_a_path(http_target: HttpTarget, path: str, equals: str, is_ok: bool) -> None:
    http_target.body = b'{"status":"ok","odd key":"x","build":{"count":3,"none":null,"items":[{},{"live":true}]}}'

    assert ask(http_target.url, json_path=path, json_equals=equals).ok is is_ok


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 60_000, b'{"a": ' + b"9" * 50_000 + b"}", b"\xff\xfe", b"[]"])
def test_what_is_no_json_is_not_as_expected(http_target: HttpTarget, body: bytes) -> None:
    http_target.body = body

    assert ask(http_target.url, json_path="a").error is ErrorClass.ASSERTION


def test_json_longer_than_is_read_says_so(http_target: HttpTarget) -> None:
    http_target.body = b'{"a": "' + b"x" * BODY_CAP + b'"}'

    assert ask(http_target.url, json_path="a").error is ErrorClass.TOO_LARGE


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[x]", "a b", "[0", ".".join("a" * 21)])
def test_a_path_nobody_can_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        json_path.parse_path(path)


@pytest.mark.parametrize(
    ("told", "good", "error"),
    [
        ("2026.11.20-3", "2026.11.20-3", None),
        ("2026.11.20-4", "2026.11.20-3", ErrorClass.DRIFT),
        ("4f2a91c", "4f2a91c" + "0" * 33, None),
        ("4f2a9", "4f2a91c" + "0" * 33, ErrorClass.DRIFT),
    ],
)
def test_drift_from_the_last_good_version(
    http_target: HttpTarget, told: str, good: str, error: ErrorClass | None
) -> None:
    http_target.body = f'{{"version": "{told}"}}'.encode()

    found = ask(http_target.url, json_path="version", artifact_of="shop", around={"artifacts": {"shop": good}})

    assert found.error is error


def test_without_a_good_version_nothing_is_compared_and_all_else_decides(http_target: HttpTarget) -> None:
    http_target.body = b'{"version": "1"}'
    spec = {"url": http_target.url, "json_path": "version", "artifact_of": "shop"}

    good, tried = run_probe(http.probe, spec), run_probe(http.probe, spec, is_trial=True)
    assert good is not None and (good.ok, good.notes) == (True, ())
    assert tried is not None and tried.notes == (http.NOT_COMPARED,)
    http_target.status = 503
    assert ask(http_target.url, json_path="version", artifact_of="shop").error is ErrorClass.STATUS_5XX
    http_target.stop()
    assert ask(http_target.url, json_path="version", artifact_of="shop").error is ErrorClass.CONNECT


def test_a_headers_value_comes_from_the_environment(http_target: HttpTarget) -> None:
    values = {"CHECK_TOKEN": "Bearer abc", "SECRET_KEY": "mine", "CHECK_BROKEN": "a\r\nX-Other: b"}

    def with_header(variable: str) -> Outcome:
        around = {"variable": lambda name: values.get(name, "")}
        return ask(http_target.url, headers={"Authorization": variable}, around=around)

    assert with_header("CHECK_TOKEN").ok
    assert http_target.requests[0].headers["Authorization"] == "Bearer abc"
    for variable in ("CHECK_UNSET", "SECRET_KEY", "CHECK_BROKEN"):
        assert with_header(variable).error is ErrorClass.CONFIG
    assert len(http_target.requests) == 1


@pytest.mark.parametrize("spec", [{"headers": "x"}, {"headers": {"A": 3}}, {"json_path": ".."}, {"min_tls_days": "x"}])
def test_a_configuration_nobody_can_read_says_so(http_target: HttpTarget, spec: dict[str, Any]) -> None:
    assert ask(http_target.url, **spec).error is ErrorClass.CONFIG


def test_the_certificate_behind_an_address_is_judged(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with secured(authority.server(days=20.5)) as target:
        url, around = target.url.replace("http:", "https:"), {"trust": authority.trust}

        assert ask(url, around=around).ok
        assert ask(url, min_tls_days=20, around=around).ok
        assert ask(url, min_tls_days=21, around=around).error is ErrorClass.EXPIRES_SOON
        assert ask(url).error is ErrorClass.TLS


def test_plain_http_has_no_certificate_to_be_good(http_target: HttpTarget) -> None:
    assert ask(http_target.url, min_tls_days=5).error is ErrorClass.TLS
