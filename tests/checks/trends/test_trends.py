"""Trends of a check, a domain and the house: from the week buckets, with people's figures beside them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from checks.catalogue.models import Check
from checks.rollups import buckets, histogram, quantiles
from checks.rollups.buckets import Counts
from checks.rollups.models import WeekBucket
from checks.trends import isoweek, queries
from incidents.alerts.models import Alert
from incidents.models import Domain, Incident
from tests.checks.catalogue.test_api import Program

pytestmark = pytest.mark.django_db
AddCheck = Callable[..., Check]
AT = datetime(2026, 11, 18, 9, tzinfo=UTC)
MINUTES = 10_080


def weeks_of(check: Check, *errors: int | None, at: datetime = AT, latency: float = 20.0) -> None:
    """One closed week after the other, the last the newest: so many failed runs, None where nothing ran."""
    mondays = isoweek.closed(at, len(errors))
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [mondays[0], at])
    buckets.replace_weeks(
        Counts(
            check.pk, monday, ok=MINUTES - err, err=err, expected=MINUTES, hist=histogram.encode([latency] * 400)
        )
        for monday, err in zip(mondays, errors, strict=True)
        if err is not None
    )  # fmt: skip


def test_the_house_is_the_sum_and_what_got_worse_comes_first(add_check: AddCheck) -> None:
    calm, worse, silent = add_check("a-calm"), add_check("b-worse"), add_check("c-silent")
    weeks_of(calm, 5, 5)
    weeks_of(worse, 5, 300)
    weeks_of(silent, None, None)

    found = queries.trends(12, at=AT)

    own = [one for one in found.checks if one.key in ("a-calm", "b-worse", "c-silent")]
    assert [one.key for one in own] == ["b-worse", "a-calm", "c-silent"]
    assert own[0].words == "Failed runs rose from 0.05 % to 2.98 %"
    assert own[2].words == "Nothing ran"
    newest = found.lines[-1]
    assert (newest.name, newest.runs.err, newest.runs.samples) == ("2026-W46", 305, 2 * MINUTES)
    assert newest.runs.p95_ms == pytest.approx(20, rel=0.03)
    assert found.lines[0].runs.availability is None


def test_a_domain_has_its_own_checks_incidents_and_alerts(add_check: AddCheck, responder) -> None:
    frontend, backend = Domain.objects.get(slug="frontend"), Domain.objects.get(slug="backend")
    weeks_of(add_check("shop"), 0, 0)
    weeks_of(add_check("api", domain=backend), 0, 500)
    week = datetime(2026, 11, 10, 12, tzinfo=UTC)
    for number, domain in ((901, frontend), (902, backend)):
        Incident.objects.create(
            number=number, title="x", severity="SEV-2", severity_peak="SEV-2", domain=domain, declared_at=week,
            detected_at=week, impact_started_at=week, acknowledged_at=week + timedelta(minutes=4),
        )  # fmt: skip
    Alert.objects.create(
        dedup_key="x", source="check", title="x", domain=frontend, severity="SEV-2", fired_at=week, last_seen_at=week,
        resolved_at=week,
    )  # fmt: skip

    found = queries.trends(12, at=AT, domain=frontend)

    line = found.lines[-1]
    assert [one.key for one in found.checks] == ["shop"]
    assert (line.runs.err, line.incidents.by_severity["SEV-2"], line.incidents.mtta.median) == (0, 1, 240.0)
    assert (line.noise.fired, line.noise.unheard, line.late) == (1, 1, None)


def test_an_empty_house_and_a_first_week_are_shown(client_as, viewer, add_check: AddCheck) -> None:
    browser = client_as(viewer)
    assert "Nothing ran" in browser.get("/trends/").content.decode()

    weeks_of(add_check("shop"), 0, at=timezone.now())

    assert "There is no week before to compare with" in browser.get("/trends/check/shop/").content.decode()
    assert browser.get("/trends/check/gone/").status_code == 404
    assert browser.get("/trends/domain/frontend/?weeks=52").status_code == 200
    assert "12 closed ISO weeks" in browser.get("/trends/?weeks=many").content.decode()


def test_the_same_figures_as_csv_json_and_for_programs(client_as, viewer, add_check: AddCheck) -> None:
    weeks_of(add_check("shop"), 5, 300, at=timezone.now())
    browser = client_as(viewer)

    document = browser.get("/trends/export.json?check=shop").json()
    assert document["words"] == "Failed runs rose from 0.05 % to 2.98 %"
    assert document["weeks"][-1]["failed"] == 300
    assert (document["weeks"][0]["availability"], document["checks"][0]["is_worse"]) == (None, True)
    text = b"".join(browser.get("/trends/export.csv?check=shop").streaming_content).decode()
    assert len(text.splitlines()) == 1 + 12 + 12
    assert browser.get("/trends/export.csv?check=gone").status_code == 404
    program = Program(viewer, "checks:read")
    assert program.get("/api/v1/trends", check="shop") == document
    assert program.ask("get", "/api/v1/trends", {"domain": "nowhere"}).status_code == 404


def test_many_checks_cost_no_more_queries(
    add_check: AddCheck, client_as, viewer, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    for number in range(20):
        weeks_of(add_check(f"check-{number}"), 0, 0, at=timezone.now())
    browser = client_as(viewer)

    with django_assert_num_queries(8):
        queries.trends(12, at=AT)
    with django_assert_max_num_queries(12):
        browser.get("/trends/")


def test_a_week_keeps_what_its_histogram_comes_to(add_check: AddCheck) -> None:
    shop = add_check("shop")
    weeks_of(shop, 0, latency=20.0)
    weeks_of(shop, 0, latency=80.0)

    row = WeekBucket.objects.get(check_id=shop.pk)

    assert (row.p50_ms, row.p95_ms, row.p95_low_ms, row.p95_high_ms) == quantiles.of(bytes(row.hist))
    assert row.p95_ms == pytest.approx(80, rel=0.03)
