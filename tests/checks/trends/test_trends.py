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
from checks.trends import isoweek, queries, stretch
from incidents.alerts.models import Alert
from incidents.models import Change, Domain, Incident, Obligation
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

    found = queries.trends(stretch.newest(12, AT))

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

    found = queries.trends(stretch.newest(12, AT), domain=frontend)

    line = found.lines[-1]
    assert [one.key for one in found.checks] == ["shop"]
    assert (line.runs.err, line.incidents.by_severity["SEV-2"], line.incidents.mtta.median) == (0, 1, 240.0)
    assert (line.noise.fired, line.noise.unheard, line.late) == (1, 1, queries.Late())


def test_late_duties_of_a_domain_are_those_of_its_incidents(viewer) -> None:
    """Of the house all count, but not those of security incidents to whom they are hidden."""
    week = datetime(2026, 11, 10, 12, tzinfo=UTC)
    kinds = (("frontend", "standard"), ("backend", "standard"), ("frontend", "security"))
    for number, (slug, nature) in enumerate(kinds, 901):
        incident(number, week, slug=slug, nature=nature)
        Obligation.objects.create(
            kind="public_update",
            subject=f"INC-{number}",
            created_at=week,
            due_at=week,
            met_at=week + timedelta(hours=1),
        )
    Obligation.objects.create(kind="weekly_review", subject="2026-W45", created_at=week, due_at=week, met_at=week)

    shown = stretch.newest(12, AT)
    house, frontend = (
        queries.trends(shown, domain=domain, person=viewer).lines[-1].late
        for domain in (None, Domain.objects.get(slug="frontend"))
    )

    assert (house, frontend) == (queries.Late(due=3, late=2), queries.Late(due=1, late=1))
    assert queries.trends(shown).lines[-1].late == house


def test_late_verifications_of_changes_that_touch_a_domain_are_its_own() -> None:
    week = datetime(2026, 11, 10, 12, tzinfo=UTC)
    for slug in ("frontend", "backend", None):
        change = Change.objects.create(
            kind="deploy", what="Release 7", domain=Domain.objects.get(slug=slug) if slug else None, source="api",
            result="succeeded", started_at=week, finished_at=week, recorded_at=week,
        )  # fmt: skip
        Obligation.objects.create(
            kind="change_verification", subject=change.label, created_at=week, due_at=week + timedelta(minutes=30),
            met_at=week + timedelta(hours=1),
        )  # fmt: skip

    late = {
        slug: queries.trends(stretch.newest(12, AT), domain=Domain.objects.get(slug=slug)).lines[-1].late
        for slug in ("frontend", "payments")
    }

    assert late == {"frontend": queries.Late(due=2, late=2), "payments": queries.Late(due=1, late=1)}


def incident(
    number: int, at: datetime, *, slug: str = "frontend", severity: str = "SEV-2", **fields: object
) -> Incident:
    return Incident.objects.create(
        number=number, title=f"Part {number} is slow", severity=severity, severity_peak=severity,
        domain=Domain.objects.get(slug=slug), declared_at=at, detected_at=at, impact_started_at=at, **fields,
    )  # fmt: skip


def test_incidents_and_changes_of_the_weeks_are_marked_and_listed(client_as, viewer, add_check: AddCheck) -> None:
    now = timezone.now()
    weeks_of(add_check("shop"), 0, 0, at=now)
    (monday,) = isoweek.closed(now, 1)
    for number in range(30):
        incident(901 + number, monday + timedelta(hours=number), severity="SEV-1" if number < 3 else "SEV-3")
    incident(960, monday, nature="security")
    incident(961, monday, slug="backend")
    incident(962, monday - timedelta(weeks=60))
    for what, domain, result in (("Release 7", "frontend", "succeeded"), ("Later", "frontend", "planned")):
        Change.objects.create(
            kind="deploy", what=what, domain=Domain.objects.get(slug=domain), result=result, source="api",
            started_at=monday + timedelta(days=2), recorded_at=monday,
        )  # fmt: skip

    frontend = client_as(viewer).get("/trends/domain/frontend/?weeks=52").content.decode()

    assert "The 26 worst of 30 have letters." in frontend
    assert all(f"INC-{number} Part" in frontend for number in (901, 902, 903, 930))
    assert not any(f"INC-{number} " in frontend for number in (904, 960, 961, 962))
    assert "Release 7" in frontend
    assert "Later<" not in frontend
    assert 'class="ann" d="M' in frontend
    assert 'aria-label="Incidents over 52 weeks; in the newest SEV-1 3, SEV-2 0, SEV-3 27' in frontend
    assert "INC-901 Part" in client_as(viewer).get("/trends/check/shop/").content.decode()
    assert "Release 7" in client_as(viewer).get("/trends/").content.decode()
    assert "Release 7" not in client_as(viewer).get("/trends/domain/backend/").content.decode()


def test_one_zooms_to_any_weeks_and_the_address_keeps_them(client_as, viewer, add_check: AddCheck) -> None:
    now = timezone.now()
    weeks_of(add_check("shop"), *range(1, 9), at=now)
    names = [isoweek.name(one) for one in isoweek.closed(now, 8)]
    browser, asked = client_as(viewer), f"since={names[2]}&until={names[4]}"

    page = browser.get(f"/trends/?{asked}").content.decode()

    assert f"3 closed ISO weeks, UTC, to {names[4]}" in page
    assert f"/trends/check/shop/?since={names[2]}&amp;until={names[4]}" in page
    found = browser.get(f"/trends/export.json?{asked}&check=shop").json()
    assert [(one["week"], one["failed"]) for one in found["weeks"]] == [(names[2], 3), (names[3], 4), (names[4], 5)]
    wrong = browser.get("/trends/check/shop/?since=soon&until=2026-W60")
    assert wrong.status_code == 422
    assert "Write a week such as 2026-W46." in wrong.content.decode()
    assert 'value="soon"' in wrong.content.decode()
    assert browser.get(f"/trends/export.csv?since={names[4]}&until={names[2]}").status_code == 422
    for far in ("0001-W01", "0001-W02", "9999-W52"):
        assert browser.get(f"/trends/?since={far}&until={far}").status_code == 422


def test_an_empty_house_and_a_first_week_are_shown(client_as, viewer, add_check: AddCheck) -> None:
    browser = client_as(viewer)
    empty = browser.get("/trends/").content.decode()
    assert "Nothing ran" in empty and ">All domains</a>" in empty

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
    assert len(program.get("/api/v1/trends", weeks=52)["weeks"]) == 52
    assert program.ask("get", "/api/v1/trends", {"domain": "nowhere"}).status_code == 404
    for number in (13, "many"):
        refused = program.ask("get", "/api/v1/trends", {"weeks": number})
        assert refused.status_code == 422
        assert refused.json()["error"]["fields"][0]["message"] == "Input should be 12 or 52"


def test_many_checks_cost_no_more_queries(
    add_check: AddCheck, client_as, viewer, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    for number in range(20):
        weeks_of(add_check(f"check-{number}"), 0, 0, at=timezone.now())
    browser = client_as(viewer)

    with django_assert_num_queries(8):
        queries.trends(stretch.newest(12, AT))
    with django_assert_max_num_queries(16):
        browser.get("/trends/")


def test_a_week_keeps_what_its_histogram_comes_to(add_check: AddCheck) -> None:
    shop = add_check("shop")
    weeks_of(shop, 0, latency=20.0)
    weeks_of(shop, 0, latency=80.0)

    row = WeekBucket.objects.get(check_id=shop.pk)

    assert (row.p50_ms, row.p95_ms, row.p95_low_ms, row.p95_high_ms) == quantiles.of(bytes(row.hist))
    assert row.p95_ms == pytest.approx(80, rel=0.03)
