"""The environment contract by name, and the age of backups by file, by address and by report."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from checks.probes import age, env_contract
from checks.probes.context import KNOWN
from checks.probes.outcome import ErrorClass, Outcome
from tests.checks.conftest import run_probe
from tests.targets import HttpTarget

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WHOLE = {
    **dict.fromkeys(env_contract.LAUNCH.names, "x"),
    "LAUNCH_MODE": "true",
    "ENVIRONMENT": "production",
    "SECURITY_HEADERS_ENABLED": "1",
    "BILLING_ENABLED": "Yes",
    "BILLING_ENFORCEMENT": "strict",
    "HARD_LIMITS_ENABLED": "on",
    "PAYWALL_ENABLED": "true",
    "STRIPE_SECRET_KEY": "x",
    "STRIPE_WEBHOOK_SECRET": "x",
}


@pytest.mark.parametrize(
    ("spec", "changed", "notes"),
    [
        ({"preset": "launch"}, {}, ()),
        ({"preset": "launch"}, {"SECRET_KEY": ""}, ("SECRET_KEY is not set.",)),
        ({"preset": "launch"}, {"LAUNCH_MODE": "off"}, ("LAUNCH_MODE is not true.",)),
        ({"preset": "launch"}, {"ENVIRONMENT": "hunter2-secret"}, ("ENVIRONMENT is not production.",)),
        (
            {"preset": "launch"},
            {"BILLING_ENABLED": "false", "STRIPE_SECRET_KEY": ""},
            ("BILLING_ENABLED is not true.",),
        ),
        (
            {"preset": "launch"},
            {"SSO_ENABLED": "true"},
            ("SSO_CLIENT_ID is not set.", "SSO_CLIENT_SECRET is not set.", "SSO_ISSUER is not set."),
        ),
        ({"preset": "launch"}, {"ZERO_TRUST_ENABLED": "on"}, ("ZERO_TRUST_API_KEY is not set.",)),
        ({"names": "MAIL_FROM SECRET_KEY"}, {}, ("MAIL_FROM is not set.",)),
        (
            {"preset": "launch"},
            {"BILLING_ENFORCEMENT": "lenient", "HARD_LIMITS_ENABLED": "", "PAYWALL_ENABLED": "0"},
            ("BILLING_ENFORCEMENT is not strict.", "PAYWALL_ENABLED is not true."),
        ),
        ({"preset": "launch"}, {"DEMO_MODE": "off", "DEMO_SEED": "1"}, ("DEMO_SEED is not off.",)),
        (
            {"values": "BILLING_ENFORCEMENT=strict"},
            {"BILLING_ENFORCEMENT": ""},
            ("BILLING_ENFORCEMENT is not strict.",),
        ),
        ({"values": "BILLING_ENFORCEMENT=strict"}, {"BILLING_ENFORCEMENT": " Strict"}, ()),
        # What is said beside a preset goes before it, and a name counts once.
        (
            {"preset": "launch", "names": "SECRET_KEY", "values": "BILLING_ENFORCEMENT=strict"},
            {"BILLING_ENFORCEMENT": "", "SECRET_KEY": ""},
            ("SECRET_KEY is not set.", "BILLING_ENFORCEMENT is not strict."),
        ),
        ({"preset": "launch", "names": "LAUNCH_MODE"}, {"LAUNCH_MODE": ""}, ("LAUNCH_MODE is not set.",)),
        ({"preset": "launch", "values": "BILLING_ENFORCEMENT=hard"}, {"BILLING_ENFORCEMENT": "hard"}, ()),
        ({"preset": "launch", "values": "BILLING_ENFORCEMENT=hard"}, {}, ("BILLING_ENFORCEMENT is not hard.",)),
        (
            {"preset": "launch", "values": "DEMO_MODE=true PAYWALL_ENABLED=false"},
            {"DEMO_MODE": "1", "PAYWALL_ENABLED": "0"},
            (),
        ),
    ],
)
def test_a_contract_says_which_names_and_never_what_they_hold(spec, changed, notes) -> None:
    environment = {**WHOLE, **changed}

    outcome = run_probe(env_contract.probe, spec, environment=lambda name: environment.get(name, ""))

    assert outcome is not None
    assert (outcome.error, outcome.notes) == (ErrorClass.MISSING if notes else None, notes)
    assert outcome.value == len(notes)


def test_what_could_be_a_secret_is_no_posture() -> None:
    for text in ("STRIPE_SECRET_KEY=sk_live_51H", "A_NAME=AKIAIOSFODNN7EXAMPLE", "lower=true", "NAME"):
        with pytest.raises(ValueError, match="No secret belongs here"):
            env_contract.parse_values(text)


def look(spec: Mapping[str, object], **fields: object) -> Outcome:
    outcome = run_probe(age.probe, {"max_age_hours": 26, **spec}, now=lambda: NOW, **fields)
    assert outcome is not None
    return outcome


def dated(path, hours: float, size: int = 10):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    moment = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_the_newest_whole_file_counts(tmp_path) -> None:
    inside, outside = tmp_path / "backups", tmp_path / "elsewhere"
    dated(inside / "nightly" / "old.dump", 50)
    dated(inside / "nightly" / "empty.dump", 1, size=0)
    dated(inside / "other.txt", 1)
    (inside / "nightly" / "link.dump").symlink_to(dated(outside / "new.dump", 1))

    spec = {"source": "file", "pattern": "nightly/*.dump"}
    old = look(spec, folders=(inside,))
    dated(inside / "nightly" / "new.dump", 25)
    new = look(spec, folders=(inside,))

    assert (old.error, old.value) == (ErrorClass.LATE, 50.0)
    assert new.ok and new.value == 25.0
    assert look({**spec, "least_bytes": 11}, folders=(inside,)).error is ErrorClass.MISSING
    assert look({**spec, "pattern": "weekly/*"}, folders=(inside,)).error is ErrorClass.MISSING


def test_a_file_that_is_gone_meanwhile_does_not_count(tmp_path) -> None:
    dated(tmp_path / "kept.dump", 3)
    (tmp_path / "rotated.dump").symlink_to(tmp_path / "gone")

    outcome = look({"source": "file", "pattern": "*.dump"}, folders=(tmp_path,))

    assert outcome.ok and outcome.value == 3.0


def test_of_too_many_files_none_is_taken_for_the_newest(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(age, "FILES", 2)
    for number in range(3):
        dated(tmp_path / f"{number}.dump", number)

    outcome = look({"source": "file", "pattern": "*.dump"}, folders=(tmp_path,))

    assert (outcome.error, outcome.notes) == (ErrorClass.CONFIG, (age.TOO_MANY,))
    assert look({"source": "file", "pattern": "[12].dump"}, folders=(tmp_path,)).value == 1.0


def test_a_folder_without_end_is_left_at_the_deadline(tmp_path) -> None:
    dated(tmp_path / "x.dump", 1)

    with pytest.raises(TimeoutError):
        age._newest((tmp_path,), "*.dump", 1, until=0.0)


@pytest.mark.parametrize("pattern", ["/etc/*", "../elsewhere/*", "a/../../x", "", "nightly/\0", "nightly/**.dump"])
def test_no_pattern_leads_out_of_the_folder(tmp_path, pattern) -> None:
    assert look({"source": "file", "pattern": pattern}, folders=(tmp_path,)).error is ErrorClass.CONFIG
    assert look({"source": "file", "pattern": "*"}, folders=()).error is ErrorClass.CONFIG


def test_a_file_from_the_future_is_not_young(tmp_path) -> None:
    dated(tmp_path / "x.dump", -48)

    outcome = look({"source": "file", "pattern": "*.dump"}, folders=(tmp_path,))

    assert (outcome.error, outcome.notes) == (ErrorClass.ASSERTION, (age.FROM_THE_FUTURE,))


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (200, "Fri, 20 Nov 2026 12:00:00 GMT", None),
        (200, "Thu, 19 Nov 2026 12:00:00 GMT", ErrorClass.LATE),
        (200, "yesterday", ErrorClass.ASSERTION),
        (200, "Mon, 01 Jan 99999999999 00:00:00 GMT", ErrorClass.ASSERTION),
        (200, "", ErrorClass.ASSERTION),
        (404, "Fri, 20 Nov 2026 12:00:00 GMT", ErrorClass.STATUS_4XX),
        (503, "", ErrorClass.STATUS_5XX),
        (302, "", ErrorClass.ASSERTION),
    ],
)
def test_an_address_says_when_it_was_changed(http_target: HttpTarget, status, said, expected) -> None:
    http_target.status, http_target.headers = status, {"Last-Modified": said} if said else {}

    assert look({"source": "address", "url": http_target.url}).error is expected


def test_a_private_bucket_is_asked_with_a_header_out_of_the_environment(http_target: HttpTarget) -> None:
    http_target.headers = {"Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"}
    spec = {"source": "address", "url": http_target.url, "headers": {"Authorization": "CHECK_BUCKET"}}

    assert look(spec, variable={"CHECK_BUCKET": "Bearer x"}.get).ok
    assert http_target.requests[0].headers["Authorization"] == "Bearer x"
    assert look(spec).error is ErrorClass.CONFIG


def test_an_address_inside_is_refused_when_connecting(http_target: HttpTarget) -> None:
    assert look({"source": "address", "url": http_target.url}, allowed="").error is ErrorClass.FORBIDDEN


def test_a_report_of_another_job_counts() -> None:
    spec = {"source": "report", "report": "nightly-backup"}

    assert look(spec).error is ErrorClass.MISSING
    assert look({**spec, KNOWN: NOW - timedelta(hours=26)}).ok
    assert look({**spec, KNOWN: NOW - timedelta(hours=27)}).error is ErrorClass.LATE
