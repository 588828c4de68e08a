"""Where jobs report: what is kept, who is told nothing, and that it costs little and stands without Redis."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.jobs import actions
from checks.jobs.models import Job
from checks.probes.token_report import Report
from checks.scheduler import actions as scheduler
from checks.scheduler import loop
from opsportal import background
from opsportal.abuse.models import KnockCount
from opsportal.models import AuditEvent, User
from tests.locking import locked

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]


@pytest.fixture
def job(add_check: AddCheck) -> Job:
    """A nightly job's heartbeat."""
    check = add_check("nightly-export", kind="heartbeat", spec={"period_minutes": 60}, fail_after=1, ok_after=1)
    return Job.objects.create(pk=check.pk, since=timezone.now() - timedelta(days=1))


@pytest.fixture
def reporter(add_check: AddCheck) -> tuple[Job, str]:
    """A job with a report key."""
    check = add_check("ops-daily", kind="token_report", spec={"command": "ops_daily_watchdog", "number": "samples"})
    job = Job.objects.create(pk=check.pk, since=timezone.now() - timedelta(days=1))
    return job, actions.new_key(job, by="admin")


def test_a_check_is_locked_before_its_job_as_by_whoever_resumes_it(job: Job, reporter: tuple[Job, str]) -> None:
    said = Report("ok", "", {})

    for act in (
        lambda: actions.end(job, code=1, at=timezone.now()),
        lambda: actions.report(reporter[0], said, at=timezone.now()),
    ):
        assert locked(act) == ["checks_check", "checks_job"]


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise AssertionError("a report needs no broker")

    monkeypatch.setattr(background, "wake", refuse)


@pytest.mark.usefixtures("no_broker")
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_ping_is_heard_without_session_and_in_few_queries(job: Job, method: str) -> None:
    client = Client(enforce_csrf_checks=True)

    with CaptureQueriesContext(connection) as queries:
        answer = getattr(client, method)(f"/ping/{job.ping}")

    job.refresh_from_db()
    assert (answer.status_code, answer.cookies) == (200, {})
    assert answer.content == (b"" if method == "head" else b"OK\n")
    assert job.ok_at is not None and job.status == "ok"
    said = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) <= 5 and not any("session" in sql for sql in said)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [("/fail", "fail", 1), ("/0", "ok", 0), ("/3", "fail", 3), ("/255", "fail", 255)],
)
def test_a_job_says_how_it_ended(job: Job, said: str, status: str, code: int) -> None:
    assert Client().get(f"/ping/{job.ping}{said}").status_code == 200

    job.refresh_from_db()
    assert (job.status, job.exit_code) == (status, code)
    assert (job.ok_at is None) is (status == "fail")


def test_what_it_took_is_known_when_it_said_that_it_began(job: Job) -> None:
    at = timezone.now()
    actions.start(job, at=at)
    actions.end(job, code=0, at=at + timedelta(seconds=90))
    job.refresh_from_db()
    assert job.duration_ms == 90_000

    actions.end(job, code=0, at=at + timedelta(seconds=200))
    job.refresh_from_db()
    assert job.duration_ms is None


@pytest.mark.parametrize("said", ["/256", "/-1", "/stop", "/1.0", "/٣"])
def test_what_is_no_exit_code_is_not_heard(job: Job, said: str) -> None:
    assert Client().get(f"/ping/{job.ping}{said}").status_code == 404

    job.refresh_from_db()
    assert job.heard_at is None


def test_a_guess_is_told_nothing_and_counted(job: Job, settings: Settings) -> None:
    settings.API_STRANGER_REQUESTS_PER_MINUTE = 2

    answers = [Client().get(f"/ping/{one}") for one in (uuid.uuid4(), "not-one", uuid.uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[0].content == answers[1].content
    knock = KnockCount.objects.get()
    assert (knock.count, knock.door) == (1, "intake")
    assert Client().get(f"/ping/{job.ping}").status_code == 200


def test_a_job_in_a_loop_is_slowed_down(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.jobs.views.PINGS", 2)

    answers = [Client().get(f"/ping/{job.ping}").status_code for _ in range(3)]

    assert answers == [200, 200, 429]


def run_due(job: Job) -> Check:
    """What its next tick does, when it is due by now."""
    moved = Check.objects.filter(pk=job.pk, next_due__lte=timezone.now())
    assert moved.update(next_due=timezone.now() - timedelta(minutes=1)) == 1
    assert scheduler.tick() == 1
    return Check.objects.get(pk=job.pk)


@pytest.fixture
def own_loop() -> Iterator[None]:
    loop.close()
    yield
    loop.close()


@pytest.mark.usefixtures("own_loop")
def test_a_failure_is_seen_with_the_next_tick_and_a_success_ends_it(job: Job) -> None:
    Check.objects.exclude(pk=job.pk).update(state=State.PAUSED)
    later = timezone.now() + timedelta(hours=1)
    Check.objects.filter(pk=job.pk).update(state=State.HEALTHY, next_due=later)

    Client().post(f"/ping/{job.ping}", data=b"ends well", content_type="text/plain")
    assert scheduler.tick() == 0
    Client().get(f"/ping/{job.ping}/fail")
    check = run_due(job)
    assert (check.state, check.last_error) == (State.UNHEALTHY, "reported")
    Client().get(f"/ping/{job.ping}")
    assert run_due(job).state == State.HEALTHY


@pytest.mark.usefixtures("own_loop")
def test_silence_fails_and_a_pause_forgives_it(job: Job, client_as: ClientAs, responder: User) -> None:
    Check.objects.exclude(pk=job.pk).update(state=State.PAUSED)

    assert run_due(job).last_error == "late"
    browser = client_as(responder)
    browser.post("/checks/nightly-export/pause/")
    browser.post("/checks/nightly-export/resume/")
    assert run_due(job).state == State.INSUFFICIENT_DATA


LINES = """Traceback: password=hunter2
other_job samples=1
ops_daily_watchdog samples=2880
ops_daily_watchdog status=unhealthy reason=checks_unhealthy jane@example.com
"""


def test_of_a_report_status_reason_and_numbers_are_kept(reporter: tuple[Job, str]) -> None:
    job, key = reporter
    client = Client(enforce_csrf_checks=True)

    answer = client.post(f"/api/v1/reports/{key}", LINES, content_type="text/plain")

    job.refresh_from_db()
    assert (answer.status_code, answer.json()) == (202, {"status": "fail", "numbers": 1})
    assert (job.status, job.reason, job.numbers) == ("fail", "checks_unhealthy", {"samples": 2880.0})
    with connection.cursor() as cursor:
        cursor.execute("SELECT job::text FROM checks_job AS job")
        kept = str(cursor.fetchall())
    assert key not in kept and "hunter2" not in kept and "jane" not in kept


def test_a_reason_that_could_be_a_secret_is_none(reporter: tuple[Job, str]) -> None:
    job, key = reporter
    line = "ops_daily_watchdog status=fail reason=AKIAIOSFODNN7EXAMPLE"

    assert Client().post(f"/api/v1/reports/{key}", line, content_type="text/plain").status_code == 202
    job.refresh_from_db()
    assert (job.status, job.reason) == ("fail", "")


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("rep_" + "x" * 32, b"ops_daily_watchdog status=ok", 404, "NOT_FOUND"),
        ("x", b"ops_daily_watchdog status=ok", 404, "NOT_FOUND"),
        (None, b"all is well", 422, "NO_TOKEN_LINE"),
        (None, b"\xff\xfe\x00", 422, "NO_TOKEN_LINE"),
        (None, b"", 422, "NO_TOKEN_LINE"),
    ],
)
def test_what_is_no_report_is_refused_in_the_apis_form(reporter, key, body, status, code) -> None:
    answer = Client().post(f"/api/v1/reports/{key or reporter[1]}", body, content_type="text/plain")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert Client().get(f"/api/v1/reports/{reporter[1]}").status_code == 405


def test_a_key_is_shown_once_and_its_successor_ends_it(
    reporter: tuple[Job, str], client_as: ClientAs, admin: User, responder: User
) -> None:
    _, old = reporter
    browser = client_as(admin)

    shown = browser.post("/checks/ops-daily/door/").content.decode()
    new = shown.split("/api/v1/reports/")[1][:36]

    assert "/reports/" not in browser.get("/checks/ops-daily/").content.decode()
    assert [Client().post(f"/api/v1/reports/{key}").status_code for key in (old, new)] == [404, 422]
    assert AuditEvent.objects.filter(act="check.new_key", actor="admin", object="ops-daily").exists()
    assert client_as(responder).post("/checks/ops-daily/door/").status_code == 403
    assert browser.post("/checks/portal-live/door/").status_code == 404


def test_a_new_address_ends_the_old_one(job: Job, client_as: ClientAs, admin: User, viewer: User) -> None:
    assert str(job.ping) in client_as(admin).get("/checks/nightly-export/").content.decode()
    assert str(job.ping) not in client_as(viewer).get("/checks/nightly-export/").content.decode()

    client_as(admin).post("/checks/nightly-export/door/")

    assert Client().get(f"/ping/{job.ping}").status_code == 404
    assert Client().get(f"/ping/{Job.objects.get(pk=job.pk).ping}").status_code == 200
