"""Forms of the kinds that look inside and of those that are told: sensible defaults, clear refusals, a true trial."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from checks.catalogue import trial
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.jobs.models import Job
from checks.probes.heard import Heard
from checks.probes.outcome import ErrorClass, Outcome, failed
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.scheduler import actions, loop
from incidents.ownership.models import Domain
from opsportal.models import User

ClientAs = Callable[[User], Client]
pytestmark = pytest.mark.django_db

NEEDED: dict[str, dict[str, object]] = {
    "database": {"dsn_env": "DATABASE_URL"},
    "sql_aggregate": {
        "dsn_env": "DATABASE_URL",
        "query": "SELECT 7 AS n",
        "column": "n",
        "low": 1,
    },
    "query_benchmark": {"dsn_env": "DATABASE_URL", "queries": "one: SELECT 1", "max_mean_ms": 4999, "max_p95_ms": 9999},
    "redis": {},
    "celery_queue": {"queue": "not-there"},
    "env_contract": {"names": "DATABASE_URL"},
    "backup_age": {"report": "nightly-job"},
    "restore_drill": {"report": "nightly-job"},
    "heartbeat": {},
    "token_report": {"command": "nightly_export", "number": "rows"},
}


@pytest.fixture(autouse=True)
def nightly_job() -> Job:
    domain = Domain.objects.get(slug="backend")
    check = Check.objects.create(key="nightly-job", name="Nightly job", kind="heartbeat", domain=domain)
    return Job.objects.create(pk=check.pk, ok_at=timezone.now(), since=timezone.now() - timedelta(days=1))


def fields(kind: str, **changed: object) -> dict[str, object]:
    """The form as it comes, with what has no default."""
    form = KINDS[kind].form()
    shown = {name: form[name].value() for name in form.fields}
    typed = {**shown, "name": f"My {kind}", "domain": Domain.objects.get(slug="backend").pk, **NEEDED[kind], **changed}
    return {name: value for name, value in typed.items() if value not in (None, "")}


@pytest.mark.parametrize("kind", NEEDED)
def test_defaults_are_enough_and_a_trial_says_what_would_be_stored(client_as: ClientAs, admin: User, kind: str) -> None:
    browser = client_as(admin)

    page = browser.get(f"/checks/new/?kind={kind}").content.decode()
    tried = browser.post(f"/checks/new/try/?kind={kind}", fields(kind))
    made = browser.post(f"/checks/new/?kind={kind}", fields(kind))

    assert escape(KINDS[kind].purpose) in page
    assert tried.status_code == 200
    assert ("There was nothing to measure" if KINDS[kind].is_told else "It passes") in tried.content.decode()
    check = Check.objects.get(kind=kind, name=f"My {kind}")
    assert made["Location"] == f"/checks/{check.key}/"
    assert Job.objects.filter(pk=check.pk).exists() is KINDS[kind].is_told
    assert (check.fail_after, check.ok_after) == ((1, 1) if KINDS[kind].is_told else (3, 2))
    assert browser.get(f"/checks/{check.key}/").status_code == 200
    again = browser.post(f"/checks/{check.key}/edit/", {**fields(kind), "seen": check.fingerprint})
    assert again.status_code == 302
    assert Check.objects.get(pk=check.pk).spec == check.spec


@pytest.mark.parametrize(
    ("kind", "changed", "words"),
    [
        ("database", {"dsn_env": "postgresql://x:y@db/x"}, "Write the name only"),
        ("database", {"tables": "orders; drop"}, "Write names of tables"),
        ("database", {"migrations": "12 13"}, "Write names such as orders.0012_totals"),
        ("sql_aggregate", {"query": "SELECT 1; SELECT 2"}, "Write one SELECT"),
        ("sql_aggregate", {"query": "DELETE FROM orders"}, "Write one SELECT"),
        ("sql_aggregate", {"query": "WITH x AS (DELETE FROM y RETURNING 1) SELECT 1 FROM x"}, "may not say DELETE"),
        ("sql_aggregate", {"query": "SELECT 1 INTO taken"}, "may not say INTO"),
        ("sql_aggregate", {"query": "SELECT pg_sleep(9)"}, "may not say PG_SLEEP"),
        ("sql_aggregate", {"query": "EXPLAIN SELECT 1"}, "Write one SELECT"),
        ("sql_aggregate", {"query": f"SELECT {'(' * 300}1{')' * 300} AS n"}, "nested too deeply"),
        ("query_benchmark", {"queries": f"a: SELECT {'(' * 300}1{')' * 300}"}, "nested too deeply"),
        ("sql_aggregate", {"low": ""}, "Give a lower or an upper bound"),
        ("sql_aggregate", {"low": 5, "high": 4}, "lies below the lower one"),
        ("sql_aggregate", {"least_volume": 4}, "Name the column"),
        ("query_benchmark", {"queries": "SELECT 1"}, "Line 1 is not a new name"),
        ("query_benchmark", {"queries": "a: UPDATE x SET y = 1"}, "Write one SELECT"),
        ("query_benchmark", {"max_mean_ms": 6000}, "do not end in time"),
        ("redis", {"url_env": "redis://:secret@cache"}, "Write the name only"),
        ("celery_queue", {"queue": "a b"}, "Write the name only"),
        ("env_contract", {"names": "sk_live_abcdefghijklmnop123456"}, ""),
        ("env_contract", {"values": "STRIPE_SECRET_KEY=Abc"}, "No secret belongs here"),
        ("env_contract", {"names": ""}, "Name something"),
        ("backup_age", {"report": ""}, "This is needed"),
        (
            "backup_age",
            {"source": "address", "url": "https://x.example/", "headers": "A: SECRET_KEY"},
            "must begin with",
        ),
        ("backup_age", {"source": "file", "pattern": "../etc/*"}, "Write a pattern below"),
        ("backup_age", {"source": "file", "pattern": "nightly/**.dump"}, "** stands for folders"),
        ("backup_age", {"source": "address", "url": "http://127.0.0.1/"}, "inside a private network"),
        ("heartbeat", {"cron": "every day"}, "Write five parts"),
        ("heartbeat", {"cron": "0 30 3 * * *"}, "Write five parts"),
        ("heartbeat", {"cron": "30 3 30 2 *"}, "never comes. Look at the day of the month"),
        ("heartbeat", {"cron": "99 3 * * *"}, "never comes. Look at the minute"),
        ("heartbeat", {"cron": "0 3 * * *", "time_zone": "Mars/Base"}, "no such time zone"),
        ("heartbeat", {"cron": "0 3 * * *", "time_zone": "localtime"}, "no such time zone"),
        ("heartbeat", {"period_minutes": ""}, "Give a period or a cron line"),
        ("token_report", {"command": "Nightly Export"}, "Write the first word only"),
    ],
)
def test_what_is_not_right_is_said_and_not_saved(
    client_as: ClientAs, admin: User, settings: Settings, kind: str, changed: dict[str, object], words: str
) -> None:
    settings.PROBE_FOLDERS = (Path("/srv/backups"),)

    answer = client_as(admin).post(f"/checks/new/?kind={kind}", fields(kind, **changed))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Check.objects.filter(name=f"My {kind}").exists()


def test_without_an_open_folder_files_are_not_offered(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post(
        "/checks/new/?kind=backup_age", fields("backup_age", source="file", pattern="*.dump")
    )

    assert "PROBE_FOLDERS" in answer.content.decode()


def test_a_trial_warns_of_a_role_that_may_write(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post("/checks/new/try/?kind=database", fields("database"))

    assert "This role may write." in answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "spec", "note"),
    [
        ("database", {"dsn_env": "NOT_THERE"}, "NOT_THERE is not set where this portal runs."),
        ("redis", {"url_env": "NOT_THERE"}, "NOT_THERE is not set where this portal runs."),
        (
            "http",
            {"url": "https://shop.example/", "headers": {"Authorization": "CHECK_NOT_THERE"}},
            "CHECK_NOT_THERE is not set where this portal runs.",
        ),
        ("heartbeat", {"period_minutes": 60}, KINDS["heartbeat"].silence),
    ],
)
def test_a_trial_says_why_it_could_not_judge(kind: str, spec: dict[str, object], note: str) -> None:
    assert trial.run_once(KINDS[kind], spec, timezone.now()).notes == (note,)


def test_a_trial_does_not_wait_for_what_nobody_can_stop() -> None:
    """Such as a lookup whose name servers are silent."""
    released, ended = Event(), []

    async def probe() -> Outcome:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.to_thread(lambda: ended.append(released.wait(30)))
        return failed(ErrorClass.TIMEOUT)

    outcome = trial._at_once(probe())
    still_waiting = not ended
    released.set()

    assert outcome == failed(ErrorClass.TIMEOUT)
    assert still_waiting


def test_an_answer_at_which_a_probe_breaks_ends_no_trial() -> None:
    async def breaks(*_: object) -> Outcome:
        raise OverflowError("hunter2")

    tried = trial.run_once(
        replace(KINDS["json_metrics"], probe=breaks), {"url": "https://shop.example/"}, timezone.now()
    )

    assert tried.sentence == "It fails: an answer that the check could not read."
    assert "broken" in tried.stored and "hunter2" not in tried.stored


def test_a_form_that_does_not_fit_names_the_field_beside_try_now(client_as: ClientAs, admin: User) -> None:
    answer = client_as(admin).post("/checks/new/try/?kind=restore_drill", fields("restore_drill", report=""))

    assert "It did not run. Job: This is needed for the way you chose." in answer.content.decode()


def test_a_trial_names_what_is_missing_and_no_value(
    client_as: ClientAs, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_ENFORCEMENT", "lenient-hunter2")
    typed = fields("env_contract", names="NOT_THERE", values="BILLING_ENFORCEMENT=strict")

    page = client_as(admin).post("/checks/new/try/?kind=env_contract", typed).content.decode()

    assert "NOT_THERE is not set." in page and "BILLING_ENFORCEMENT is not strict." in page
    assert "value    names_wrong 2" in page
    assert "hunter2" not in page


def test_what_the_portal_made_up_was_set_by_nobody(
    client_as: ClientAs, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSPORTAL_DECIDED", "DATABASE_URL")

    page = client_as(admin).post("/checks/new/try/?kind=env_contract", fields("env_contract")).content.decode()

    assert "DATABASE_URL is not set." in page


def test_a_job_that_reported_is_tried_with_what_it_said(nightly_job: Job) -> None:
    tried = trial.run_once(KINDS["heartbeat"], {"period_minutes": 60}, timezone.now(), check_id=nightly_job.pk)

    assert tried.sentence == "It passes."


def test_last_week_is_read_from_the_stored_days(nightly_job: Job) -> None:
    at = timezone.now()
    day = (at - timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    buckets.replace_days([Counts(nightly_job.pk, day, ok=30, lat_sum=60.0)])
    reads = KINDS["query_benchmark"].reads
    assert reads is not None

    (known,) = reads([trial.Asked(nightly_job.pk, "query_benchmark", {})], at).values()

    assert (known.samples, known.mean_ms) == (30, 2.0)  # type: ignore[attr-defined]


def test_slow_kinds_run_in_a_lane_of_their_own(nightly_job: Job) -> None:
    Check.objects.update(state=State.PAUSED)
    domain = Domain.objects.get(slug="backend")
    past = timezone.now() - timedelta(minutes=1)
    for kind in ("query_benchmark", "env_contract"):
        Check.objects.create(key=kind, name=kind, kind=kind, spec=NEEDED[kind], domain=domain, next_due=past)
    loop.close()

    assert (actions.tick(), actions.tick(actions.SLOW)) == (1, 1)
    assert (actions.tick(), actions.tick(actions.SLOW)) == (0, 0)
    assert Check.objects.get(key="query_benchmark").last_ok
    assert set(actions.FAST.kinds) | set(actions.SLOW.kinds) == set(KINDS)
    assert not set(actions.FAST.kinds) & set(actions.SLOW.kinds)
    loop.close()


def test_reports_of_many_jobs_are_one_question(nightly_job: Job) -> None:
    reads = KINDS["heartbeat"].reads
    assert reads is not None

    found = reads([trial.Asked(nightly_job.pk, "heartbeat", {}), trial.Asked(0, "heartbeat", {})], timezone.now())

    assert list(found) == [nightly_job.pk]
    assert isinstance(found[nightly_job.pk], Heard)


def test_whole_numbers_stand_in_the_form_without_a_point(client_as: ClientAs, admin: User, nightly_job: Job) -> None:
    Check.objects.filter(pk=nightly_job.pk).update(spec={"period_minutes": 90.0, "grace_minutes": 0.5})

    new = client_as(admin).get("/checks/new/?kind=heartbeat").text
    edited = client_as(admin).get("/checks/nightly-job/edit/").text

    assert 'value="60"' in new and 'value="5"' in new
    assert 'value="90"' in edited and 'value="0.5"' in edited
