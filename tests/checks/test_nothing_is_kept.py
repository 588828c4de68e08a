"""What a target says is judged and dropped: the whole database is looked through after real runs."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.jobs import actions as jobs
from checks.jobs.models import Job
from checks.runs import actions as runs
from checks.scheduler import actions, loop
from incidents.changes import actions as changes
from incidents.changes.actions import Facts, Teller
from incidents.ownership.models import Domain
from incidents.response.models import Incident
from opsportal.models import User
from tests import engines
from tests.checks.probes.counterparts import Asked, Reply, service

ClientAs = Callable[[User], Client]
MARK = "zanzibar-8f3k"
COMMON = {"severity": "SEV-2", "every_seconds": 60, "fail_after": 1, "ok_after": 1, "headers": "X-Key: CHECK_TEST_KEY"}


@pytest.fixture(autouse=True)
def own_loop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    monkeypatch.setitem(os.environ, "CHECK_TEST_KEY", f"Bearer {MARK}")
    loop.close()
    yield
    loop.close()


def everything() -> str:
    """Every row of every table that the application can reach, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
            "AND has_schema_privilege(schemaname, 'USAGE') ORDER BY 1"
        )
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT row::text FROM {table} AS row")
            rows += [table, *(found[0] for found in cursor.fetchall())]
    return "\n".join(rows)


@pytest.mark.django_db
def test_a_dump_after_runs_against_a_talkative_target_holds_nothing_of_it(
    client_as: ClientAs, admin: User, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    mood = {"status": 200, "number": 4}
    asked: list[Asked] = []

    def talk(one: Asked) -> Reply:
        asked.append(one)
        series = [{"metric": {"user": MARK}, "value": [1, str(mood["number"])]}]
        prom = {"status": "success", "error": MARK, "data": {"resultType": "vector", "result": series}}
        document = {**prom, "version": MARK, "delivered_total": mood["number"], MARK: f"password={MARK}"}
        return mood["status"], document, {"X-Secret": MARK, "Location": f"https://x.example/{MARK}", "Set-Cookie": MARK}

    Check.objects.update(state=State.PAUSED)
    domain = Domain.objects.get(slug="frontend")
    changes.record(Facts("deploy", "Shop", domain, artifact="1.2.3"), by=Teller(admin), at=timezone.now())
    with service(talk) as url:
        for kind, fields in {
            "http": {"json_path": "version", "is_last_good": "on"},
            "json_metrics": {"numbers": "delivered_total 1..5"},
            "prometheus": {"query": "sum(up)", "judge": "bounds", "most": "5"},
            "limit_guard": {"mode": "rate", "within": "4"},
        }.items():
            sent = {**COMMON, "name": f"Of {kind}", "domain": domain.pk, "url": url, **fields}
            answer = client_as(admin).post(f"/checks/new/?kind={kind}", sent)
            assert answer.status_code == 302, answer.text
        for status, number in ((200, 4), (200, 9), (500, 4), (302, 4), (200, 4)):
            mood.update(status=status, number=number)
            Check.objects.filter(is_own=False).update(next_due=timezone.now() - timedelta(minutes=5))
            assert actions.tick() == 4
            runs.deliver_flips(at=timezone.now())

    checks = {check.kind: check for check in Check.objects.filter(is_own=False)}
    dump, said = everything(), caplog.text + "".join(capfd.readouterr())
    assert {one.headers["X-Key"] for one in asked} == {f"Bearer {MARK}"}  # it was sent, and by every kind
    assert (checks["http"].last_error, checks["json_metrics"].last_value) == ("drift", 4)
    assert checks["prometheus"].state == State.HEALTHY and checks["limit_guard"].last_error == "no_limit"
    assert Incident.objects.exists()
    assert "CHECK_TEST_KEY" in dump and "checks_bucket_m" in dump and "Of http" in dump
    assert MARK not in dump
    assert MARK not in said


@pytest.fixture
def talkative_database() -> Iterator[str]:
    """An address whose role is the secret, so that the database says it in rows and in errors."""
    owner = engines.current().owner_url()
    with psycopg.connect(owner, autocommit=True) as server:
        server.execute(f'CREATE ROLE "{MARK}" LOGIN')
    yield f"{owner}&user={MARK}"
    with psycopg.connect(owner, autocommit=True) as server:
        server.execute(f'DROP ROLE "{MARK}"')


@pytest.mark.django_db
def test_a_dump_holds_nothing_of_what_jobs_databases_and_stores_say(
    talkative_database: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = {
        "CHECK_TEST_DSN": talkative_database,
        "CHECK_TEST_REDIS": os.environ["REDIS_URL"].replace("unix://", f"unix://:{MARK}@"),
    }
    for name, value in names.items():
        monkeypatch.setitem(os.environ, name, value)
    Check.objects.update(state=State.PAUSED)
    said, number = "current_user::text", {"dsn_env": "CHECK_TEST_DSN", "column": "held", "high": 1}
    add = partial(watch, domain=Domain.objects.get(slug="backend"))
    add("words", "sql_aggregate", {**number, "query": f"SELECT 7 AS held, {said} AS said"})
    add("error", "sql_aggregate", {**number, "query": f"SELECT {said}::int AS held"})
    add("long", "sql_aggregate", {**number, "query": f"SELECT length({said}) AS held"})
    add("missing", "database", {"dsn_env": "CHECK_TEST_DSN", "tables": ["not_there"]})
    add("slow", "query_benchmark", {"dsn_env": "CHECK_TEST_DSN", "queries": f"one: SELECT {said}", "rounds": 1})
    add("store", "redis", {"url_env": "CHECK_TEST_REDIS"})
    add("queue", "celery_queue", {"url_env": "CHECK_TEST_REDIS", "queue": "none"})
    heard = add("beat", "heartbeat", {"period_minutes": 60})
    report = add("report", "token_report", {"command": "nightly", "number": "samples"})
    told = [Job.objects.create(pk=one.pk, since=timezone.now()) for one in (heard, report)]
    key, head = jobs.new_key(told[1], by="admin"), {"User-Agent": MARK, "X-Secret": MARK}

    for way in ("/start", "/3", "/fail", ""):
        ping = f"/ping/{told[0].ping}{way}?secret={MARK}"
        assert Client().post(ping, f"password={MARK}", content_type="text/plain", headers=head).status_code == 200
    for end in ("status=ok samples=3", f"status=fail reason={MARK}_password samples=4 {MARK}=5 word={MARK}"):
        lines = f"password={MARK}\nnightly {end} password={MARK}\n{MARK}"
        answer = Client().post(f"/api/v1/reports/{key}?x={MARK}", lines, content_type="text/plain", headers=head)
        assert answer.status_code == 202
    for lane in (actions.FAST, actions.SLOW) * 2:
        Check.objects.enabled().update(next_due=timezone.now() - timedelta(minutes=5))
        assert actions.tick(lane)
        runs.deliver_flips(at=timezone.now())

    checks = {check.key: check for check in Check.objects.filter(is_own=False)}
    ends = {key: check.last_error for key, check in checks.items()}
    assert ends["words"] == "shape" and ends["long"] == "out_of_bounds" and checks["long"].last_value == len(MARK)
    assert None not in [check.last_ok for check in checks.values()], ends
    dump, lines = everything(), caplog.text + "".join(capfd.readouterr())
    assert "CHECK_TEST_DSN" in dump and "CHECK_TEST_REDIS" in dump
    assert MARK not in dump
    assert MARK not in lines


def watch(key: str, kind: str, spec: dict[str, Any], domain: Domain) -> Check:
    """A check that goes down by its first bad run."""
    return Check.objects.create(key=key, name=key, kind=kind, spec=spec, domain=domain, fail_after=1, ok_after=1)
