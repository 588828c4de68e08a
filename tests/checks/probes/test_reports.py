"""Dead man's switches and token lines: when silence fails, and what is kept of what a job says."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.probes import heartbeat, token_report
from checks.probes.context import KNOWN
from checks.probes.due import Cron
from checks.probes.heard import Heard
from checks.probes.outcome import ErrorClass
from checks.probes.token_report import Report, parse
from tests.checks.conftest import run_probe

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


LONG_AGO = ago(9999)
HOURLY = {"period_minutes": 60, "grace_minutes": 5}


@pytest.mark.parametrize(
    ("spec", "heard", "expected"),
    [
        (HOURLY, Heard(ago(64)), None),  # never heard, and not late yet
        (HOURLY, Heard(ago(66)), ErrorClass.LATE),
        (HOURLY, Heard(LONG_AGO, ok_at=ago(65)), "ok"),
        (HOURLY, Heard(LONG_AGO, ok_at=ago(66)), ErrorClass.LATE),
        (HOURLY, Heard(ago(10), ok_at=ago(600)), None),  # resumed: what was missed while paused was not missed
        (HOURLY, Heard(ago(10), ok_at=ago(600), fail_at=ago(500)), None),
        (HOURLY, Heard(LONG_AGO, ok_at=ago(9), fail_at=ago(8)), ErrorClass.REPORTED),
        (HOURLY, Heard(LONG_AGO, ok_at=ago(8), fail_at=ago(9)), "ok"),
        (HOURLY, Heard(LONG_AGO, fail_at=ago(9), started_at=ago(1)), ErrorClass.REPORTED),
        # A run that says that it began may last; without a limit only the schedule counts.
        ({**HOURLY, "max_run_minutes": 30}, Heard(LONG_AGO, ok_at=ago(80), started_at=ago(20)), "ok"),
        ({**HOURLY, "max_run_minutes": 30}, Heard(LONG_AGO, ok_at=ago(40), started_at=ago(31)), ErrorClass.OVERRUN),
        ({**HOURLY, "max_run_minutes": 30}, Heard(LONG_AGO, ok_at=ago(10), started_at=ago(31)), "ok"),
        (HOURLY, Heard(LONG_AGO, ok_at=ago(80), started_at=ago(20)), ErrorClass.LATE),
        # Half past eleven each day, in Berlin half past ten by UTC.
        ({"cron": "30 11 * * *", "time_zone": "UTC", "grace_minutes": 31}, Heard(LONG_AGO, ok_at=ago(1000)), "ok"),
        ({"cron": "30 11 * * *", "grace_minutes": 29}, Heard(LONG_AGO, ok_at=ago(1000)), ErrorClass.LATE),
        (
            {"cron": "30 11 * * *", "time_zone": "Europe/Berlin", "grace_minutes": 89},
            Heard(LONG_AGO, ok_at=ago(1000)),
            ErrorClass.LATE,
        ),
        ({"cron": "0 0 * * *", "grace_minutes": 0}, Heard(LONG_AGO, ok_at=ago(700)), "ok"),
        # Stored before six parts were refused: the first is seconds, and it is read on.
        ({"cron": "0 30 11 * * *", "grace_minutes": 31}, Heard(LONG_AGO, ok_at=ago(1000)), "ok"),
        ({"cron": "0 30 11 * * *", "grace_minutes": 29}, Heard(LONG_AGO, ok_at=ago(1000)), ErrorClass.LATE),
        ({"cron": "bad"}, Heard(LONG_AGO, ok_at=ago(1)), ErrorClass.CONFIG),
        (HOURLY, None, None),
    ],
)
def test_a_heartbeat_is_judged_by_what_was_heard(spec, heard, expected) -> None:
    outcome = run_probe(heartbeat.probe, {**spec, KNOWN: heard}, now=lambda: NOW)

    assert (outcome and ("ok" if outcome.ok else outcome.error)) == expected


def test_how_long_the_last_run_took_is_its_latency() -> None:
    heard = Heard(LONG_AGO, ok_at=ago(1), duration_ms=90_000.0)

    outcome = run_probe(heartbeat.probe, {**HOURLY, KNOWN: heard}, now=lambda: NOW)

    assert outcome is not None and outcome.latency_ms == 90_000.0


@pytest.mark.parametrize(
    ("line", "after", "due"),
    [
        # 29 March 2026: 02:30 does not exist in Berlin and runs right after the jump, at 03:00.
        ("30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),
        ("30 2 * * *", "2026-03-29T12:00+02:00", "2026-03-30T02:30+02:00"),
        # 25 October 2026: 02:30 comes twice and runs once.
        ("30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"),
        ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        # An end in the second half past two is not late for the first.
        ("30 2 * * *", "2026-10-25T02:00+01:00", "2026-10-26T02:30+01:00"),
        ("30 2 * * *", "2026-10-25T02:45+01:00", "2026-10-26T02:30+01:00"),
        ("15 3 * * *", "2026-10-25T02:10+01:00", "2026-10-25T03:15+01:00"),
        # By the hour it runs in both of them.
        ("0 * * * *", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"),
        ("0 * * * *", "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_clocks_that_jump_lose_and_double_nothing(line, after, due) -> None:
    found = Cron.parse(line, "Europe/Berlin").next_after(datetime.fromisoformat(after))

    assert found == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "2026-10-25T01:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00Z"),
        ("America/New_York", "2026-11-01T06:00Z"),
        ("America/New_York", "2026-03-08T07:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
        ("America/Santiago", "2026-04-05T03:00Z"),
        ("Asia/Kathmandu", "2026-10-25T01:00Z"),
    ],
)
@pytest.mark.parametrize("line", ["30 2 * * *", "30 1,23 * * *", "*/20 * * * *", "15 * * * *", "0 0-4/2 * * *"])
def test_the_next_time_lies_ahead_and_never_moves_back_around_a_change_of_clocks(zone, change, line) -> None:
    cron, middle = Cron.parse(line, zone), datetime.fromisoformat(change)
    moments = [middle + timedelta(minutes=10 * step, seconds=7) for step in range(-18, 19)]

    found = [cron.next_after(moment) for moment in moments]

    assert all(due > moment for due, moment in zip(found, moments, strict=True))
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("* * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("0 0 31 2 *", "UTC"),
        ("0 0 * * *", "Mars/Base"),
        ("0 0 * * *", "../etc"),
    ],
)
def test_a_line_that_never_comes_and_a_place_that_is_none_are_refused(line, zone) -> None:
    with pytest.raises(ValueError, match=r"Write five parts|This never comes|no such time zone"):
        Cron.parse(line, zone)


@pytest.mark.parametrize(
    ("text", "command", "kept"),
    [
        ("nightly status=ok rows=12 secs=1.5", "", Report("ok", "", {"rows": 12.0, "secs": 1.5})),
        ("nightly status=fail reason=disk_full", "nightly", Report("fail", "disk_full")),
        ("nightly status=ok\nother status=fail", "nightly", Report("ok")),
        ("nightly status=ok\nother status=fail", "", Report("fail")),
        ("ops_daily check=x samples=7\nops_daily_watchdog status=healthy", "ops_daily_watchdog", Report("ok")),
        ("dog status=insufficient_data reason=total_0", "", Report("insufficient_data", "total_0")),
        ("db_verify status=not_configured reason=missing_dsn", "", Report("insufficient_data", "missing_dsn")),
        ("x status=ok reason=<b> rows=1e999 n=NaN user=jane@example.com key=AKIAIOSFODNN7EXAMPLE", "", Report("ok")),
        ("Password: hunter2\nsaid status=maybe\n{}", "", None),
        ("", "", None),
        ("nightly status=ok", "weekly", None),
    ],
)
def test_of_a_report_tokens_and_numbers_are_kept(text, command, kept) -> None:
    assert parse(text, command) == kept


def test_a_report_keeps_a_bounded_number_of_numbers() -> None:
    text = "\n".join(f"part n{number}=1" for number in range(900)) + "\njob status=ok"

    found = parse(text)

    assert found is not None and len(found.numbers) == token_report.NUMBERS


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(LONG_AGO, heard_at=ago(59), status="ok", numbers={"rows": 7.0}), "ok"),
        (Heard(LONG_AGO, heard_at=ago(59), status="fail", numbers={"rows": 7.0}), ErrorClass.REPORTED),
        (Heard(LONG_AGO, heard_at=ago(59), status="insufficient_data"), "no data"),
        (Heard(LONG_AGO, heard_at=ago(61), status="ok"), ErrorClass.LATE),
        (Heard(ago(59)), None),
        (Heard(ago(61)), ErrorClass.LATE),
        (Heard(ago(10), heard_at=ago(30), status="fail"), None),
    ],
)
def test_a_report_is_judged_by_its_line_and_its_age(heard, expected) -> None:
    spec = {"max_age_minutes": 60, "number": "rows", KNOWN: heard}

    outcome = run_probe(token_report.probe, spec, now=lambda: NOW)

    assert (outcome and ("ok" if outcome.ok else outcome.error if outcome.has_data else "no data")) == expected
    assert outcome is None or outcome.value == heard.numbers.get("rows")
