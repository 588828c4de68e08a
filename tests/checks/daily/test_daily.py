"""The daily sheet: what fills it, what it asks, that a signature freezes it, and who sees which counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue.models import Check, State
from checks.daily import actions, queries
from checks.daily.actions import Said
from checks.daily.filling import Filled, figures, unpacked
from checks.daily.lines import LINES, line_of
from checks.daily.models import DailyAnswer, DailySheet
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.rollups.models import HourBucket
from incidents.models import Contact, Domain, Holder, Incident
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from tests.incidents.cast import open_incident

AT = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def check(key: str, kind: str = "http", state: str = State.HEALTHY, **more) -> Check:
    return Check.objects.create(
        key=key, name=key.title(), kind=kind, domain=Domain.objects.get(slug="backend"), state=state,
        last_run_at=more.pop("at", AT), created_at=AT - timedelta(days=9), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "kind", "line"),
    [
        ("api-health", "http", "api"),
        ("checkout", "http", "api"),
        ("browser-ingest", "http", "ingest"),
        ("nightly-export", "heartbeat", "jobs"),
        ("geo-lag", "prometheus", "jobs"),
        ("gateway-5xx", "prometheus", "errors"),
        ("upload-size", "limit_guard", "limits"),
        ("gateway-429", "prometheus", "limits"),
        ("orders-pool", "database", "database"),
        ("db-backup", "backup_age", "backups"),
        ("portal-snapshot", "portal", "status"),
        ("support-tickets", "json_metrics", "support"),
        ("corner", "tls", "other"),
    ],
)
def test_a_check_fills_the_line_of_its_key_or_its_kind(key: str, kind: str, line: str):
    assert line_of(key, kind) == line


def test_a_guard_of_rates_answers_for_plans_and_other_limits_do_not(responder: User):
    Check.objects.all().delete()
    check("upload-size", "limit_guard", spec={"mode": "body"})
    assert "plans" in figures(responder, AT).asked

    check("ingest-free-plan", "limit_guard", spec={"mode": "rate"})

    now = figures(responder, AT)
    assert {one.slug: one.source for one in now.filled if one.slug in ("plans", "limits", "ingest")} == {
        "plans": "ingest-free-plan",
        "limits": "upload-size",
    }
    assert not {"plans", "limits"} & set(now.asked)


def test_the_lines_are_those_of_the_operating_documents():
    assert [line.slug for line in LINES if line.question] == [
        *("api", "ingest", "jobs", "errors", "limits", "plans"),
        *("database", "status", "backups", "abuse", "support"),
    ]


def test_what_no_check_knows_is_asked(responder: User):
    Check.objects.all().delete()
    check("api-health")
    check("browser-ingest", state=State.UNHEALTHY)

    now = figures(responder, AT)

    lines = {one.slug: one for one in now.filled}
    assert now.filled[0].slug == "ingest"
    assert lines["ingest"].words == "1 of 1 not in order: Browser-Ingest"
    assert lines["api"].state == "healthy"
    assert now.asked == ("jobs", "errors", "limits", "plans", "database", "status", "backups", "abuse", "support")
    assert now.watchdog == "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"


def test_a_spike_of_5xx_is_seen_beside_the_week_before(responder: User):
    one = check("api-health")
    for hours, bad in ((2, 40), (50, 4)):
        HourBucket.objects.create(
            check_id=one.pk, bucket=AT.replace(minute=0) - timedelta(hours=hours), ok=1000 - bad, err=bad, c5xx=bad,
            expected=1000,
        )  # fmt: skip

    lines = {one.slug: one for one in figures(responder, AT).filled}

    assert lines["errors"].words == "5xx 4.00 %, week before 0.40 %"
    assert (lines["errors"].state, lines["errors"].word) == ("flapping", "Look at it")
    assert lines["limits"].state == "healthy"


def test_the_portals_own_backup_is_a_line_and_asks_nobody(responder: User):
    def line() -> Filled:
        return next(one for one in figures(responder, AT).filled if one.slug == "own_backup")

    assert (line().state, line().words) == ("flapping", "never taken, never tried")
    for act in ("backup.take", "backup.verify"):
        AuditEvent.objects.create(act=act, actor="shell", object="x.backup", at=AT - timedelta(hours=5))
    assert (line().state, line().words) == ("healthy", "taken 5 h ago, restored on trial 5 h ago")
    assert "backups" in figures(responder, AT).asked


@pytest.mark.parametrize(
    ("guard", "watchdog"),
    [
        ("", "ops_daily_watchdog status=healthy"),
        ("orders-taken", "ops_daily_watchdog status=insufficient_data reason=orders_taken_0"),
        ("nobody", "ops_daily status=fail reason=volume_guard_unknown"),
    ],
)
def test_the_operators_volume_guard_counts_as_in_ops_daily(
    responder: User, monkeypatch: pytest.MonkeyPatch, guard: str, watchdog: str
):
    api = check("api-health")
    check("orders-taken", is_daily=False, last_value=0.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [AT, AT])
    buckets.add_minutes([Counts(api.pk, AT - timedelta(minutes=2), ok=60, expected=60)])
    monkeypatch.setenv("OPS_DAILY_VOLUME_GUARD", guard)

    now = figures(responder, AT)

    assert now.watchdog == watchdog
    assert "api" in {one.slug for one in now.filled}


def test_no_words_that_could_be_taken_away_are_frozen(responder: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("checks.daily.filling.statuspage.nags", lambda person, at: ["one finding", "another"])

    line = next(one for one in figures(responder, AT).filled if one.slug == "status")

    assert line.words.endswith("2 places where it and the truth part")
    assert line.word == "Look at it" or line.state == "insufficient_data"


def test_a_signature_freezes_what_stood_there(responder: User):
    one = check("api-health")
    sheet = actions.sign({"support": Said("no", "7 tickets wait")}, note="Look at 08:00.", by=responder, at=AT)
    before = unpacked(sheet.figures)

    Check.objects.filter(pk=one.pk).update(state=State.UNHEALTHY, name="Renamed")

    stored = queries.sheet_or_404("2026-11-21")
    assert unpacked(stored.figures) == before
    said = {answer.line: (answer.answer, answer.note) for answer in queries.answers(stored)}
    assert said["support"] == ("no", "7 tickets wait")
    assert said["status"] == ("not_looked", "")
    assert AuditEvent.objects.get(act="daily.sign").object == "2026-11-21"


@pytest.mark.parametrize("change", [{"note": "other"}, {"figures": {}}])
def test_nobody_changes_a_signed_sheet(responder: User, change: dict[str, object]):
    actions.sign({}, note="", by=responder, at=AT)

    with pytest.raises(DatabaseError), transaction.atomic():
        DailySheet.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        DailyAnswer.objects.all().delete()


def test_a_day_is_signed_once_and_the_second_hears_by_whom(responder: User, admin: User):
    actions.sign({}, note="", by=responder, at=AT)

    with pytest.raises(Conflict, match="responder signed this day at 08:40 UTC"):
        actions.sign({}, note="mine", by=admin, at=AT + timedelta(hours=1))


def test_a_no_needs_a_word_and_viewers_do_not_sign(responder: User, viewer: User):
    with pytest.raises(Refused) as refusal:
        actions.sign({"abuse": Said("no", " ")}, note="", by=responder, at=AT)
    assert refusal.value.code == "NOTE_MISSING"
    with pytest.raises(Refused):
        actions.sign({}, note="", by=viewer, at=AT)


def test_the_history_names_late_and_missed_days(responder: User):
    for at in (AT - timedelta(days=3), AT - timedelta(days=1) + timedelta(hours=2, minutes=25)):
        actions.sign({}, note="", by=responder, at=at)

    days = queries.days(AT.date(), 7)

    assert [(day.on.day, day.state) for day in days] == [(20, "flapping"), (19, "unhealthy"), (18, "healthy")]
    assert days[0].words == "11:05 UTC, responder, 1 h 05 min late"
    assert days[1].words == "Nobody signed"


def test_the_page_is_filled_signed_and_then_shows_what_was_signed(client_as, responder: User):
    check("api-health", at=timezone.now())
    client = client_as(responder)
    page = client.get("/daily/")
    assert "Is the success rate of ingest stable?" in page.text
    assert "Is the API" not in page.text

    answer = client.post("/daily/sign/", {"answer_status": "yes", "note": "Quiet."})

    assert (answer.status_code, answer["Location"]) == (302, "/daily/")
    signed = client.get("/daily/").text
    assert "For the next person" in signed
    assert "Quiet." in signed
    assert "Sign the sheet" not in signed
    today = DailySheet.objects.get().on
    assert client.get(f"/daily/{today:%Y-%m-%d}/").status_code == 200


def test_it_says_who_is_due_and_takes_another_responders_signature(client_as, responder: User, publisher: User):
    handle = Contact.objects.get(slug="primary-on-call").handle or "@duty"
    Contact.objects.filter(slug="primary-on-call").update(handle=handle)
    Holder.objects.update_or_create(handle=handle, defaults={"person": publisher, "rotation": None})
    client = client_as(responder)
    assert f"Due from <b>publisher ({handle})</b>" in client.get("/daily/").text

    client.post("/daily/sign/", {})

    page = client.get("/daily/").text
    assert f"It was due from publisher ({handle})." in page
    assert DailySheet.objects.get().signed_by == responder


def test_a_house_without_anybody_on_call_says_so(client_as, viewer: User):
    Contact.objects.update(handle="")

    assert "The on-call seat for all domains is empty." in client_as(viewer).get("/daily/").text


def test_what_was_typed_comes_back(client_as, responder: User):
    typed = {"answer_abuse": "no", "note_abuse": "", "note": "Quiet."}

    answer = client_as(responder).post("/daily/sign/", typed)

    assert answer.status_code == 422
    assert "Say briefly what is wrong." in answer.text
    assert "Quiet." in answer.text
    assert not DailySheet.objects.exists()


def test_a_secret_in_a_note_is_taken_out(client_as, responder: User):
    answer = client_as(responder).post("/daily/sign/", {"note_support": "key AKIAIOSFODNN7EXAMPLE"})

    assert answer.status_code == 422
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.text
    assert not DailySheet.objects.exists()


def test_somebody_was_faster(client_as, responder: User, admin: User):
    actions.sign({}, note="", by=admin, at=timezone.now())

    answer = client_as(responder).post("/daily/sign/", {"note": "Mine."})

    assert answer.status_code == 409
    assert "admin signed this day" in answer.text
    assert "Mine." in answer.text


def test_responders_see_counts_admins_the_log_and_viewers_neither(client_as, viewer, responder, admin):
    audit.record("user.role", by=admin.username)
    incident = open_incident(by=responder, at=timezone.now())
    Incident.objects.filter(pk=incident.pk).update(nature=Incident.Nature.SECURITY)

    pages = {person.username: client_as(person).get("/daily/").text for person in (viewer, responder, admin)}

    assert "Admin acts" not in pages["viewer"]
    assert "Security events" not in pages["viewer"]
    assert "Admin acts" in pages["responder"]
    assert 'href="/audit/' not in pages["responder"]
    assert 'href="/audit/' in pages["admin"]
    now = figures(responder, timezone.now())
    counts = {count.title: count.number for count in (*now.access, *now.work)}
    assert counts["Admin acts"] == 1
    assert counts["Security events"] == 1
    assert counts["Not acknowledged"] == 1


@pytest.mark.parametrize("on", ["2026-11-20", "2026-13-40", "yesterday"])
def test_a_day_without_a_sheet_is_not_found(client_as, viewer: User, on: str):
    assert client_as(viewer).get(f"/daily/{on}/").status_code == 404


@pytest.mark.parametrize("before", ["", "nonsense", "9999-12-31", "0001-01-01"])
def test_the_list_of_days_takes_any_address(client_as, viewer: User, responder: User, before: str):
    actions.sign({}, note="", by=responder, at=AT)

    assert client_as(viewer).get("/daily/all/", {"before": before}).status_code == 200


def test_more_checks_cost_no_more_queries(responder: User):
    check("api-health")
    with CaptureQueriesContext(connection) as few:
        figures(responder, AT)
    for number in range(30):
        check(f"api-{number}")
    with CaptureQueriesContext(connection) as many:
        figures(responder, AT)

    assert len(many) == len(few)
