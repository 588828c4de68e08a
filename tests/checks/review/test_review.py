"""The weekly review: compiled by itself, answered, signed, and from then on as it was."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from checks.catalogue.models import Check
from checks.jobs.models import Job
from checks.operations.models import OperationLine, OperationRun
from checks.review import actions, numbers, queries, reports
from checks.review.actions import Plan
from checks.review.models import Review
from checks.rollups.models import Watermark
from incidents.alerts.models import Alert
from incidents.models import Change, Domain, Incident, Obligation
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent, Delivery
from tests.checks.trends.test_trends import MINUTES, weeks_of

pytestmark = pytest.mark.django_db
AddCheck = Callable[..., Check]
# Monday of week 47, a little after midnight: week 46 is over.
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
AT = MONDAY + timedelta(minutes=10)
THIRTEEN = (5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 300)


@pytest.fixture(autouse=True)
def old_house(db: None) -> None:
    """It has watched something for half a year."""
    Check.objects.update(created_at=MONDAY - timedelta(days=180))


def rolled_up(until: datetime = MONDAY) -> None:
    Watermark.objects.update_or_create(grain="w", defaults={"until": until})


@pytest.fixture
def shop(add_check: AddCheck) -> Check:
    check = add_check("shop")
    weeks_of(check, *THIRTEEN, at=AT)
    rolled_up()
    return check


@pytest.fixture
def review(shop: Check) -> Review:
    found = actions.compile_due(at=AT)
    assert found is not None
    return found


def test_a_new_house_has_no_week_past(shop: Check) -> None:
    """Nobody is told of zeros on the day it is set up, and nobody owes a review of them."""
    Check.objects.update(created_at=MONDAY)

    assert actions.compile_due(at=AT) is None
    assert not Review.objects.exists()
    assert actions.compile_due(at=AT + timedelta(days=7, hours=7)) is not None


def incident(number: int, at: datetime, **fields: object) -> Incident:
    frontend = Domain.objects.get(slug="frontend")
    return Incident.objects.create(
        number=number, title="x", severity="SEV-1", severity_peak="SEV-1", domain=frontend, declared_at=at,
        detected_at=at, impact_started_at=at, **fields,
    )  # fmt: skip


def test_thirteen_weeks_are_compiled_signed_and_stay_as_they_were(
    shop: Check, responder, publisher, django_capture_on_commit_callbacks
) -> None:
    incident(801, MONDAY - timedelta(days=3))
    incident(802, MONDAY - timedelta(days=2), nature=Incident.Nature.SECURITY)

    review = actions.compile_due(at=AT)

    assert review is not None
    assert (review.week, review.figures["runs"]["failed"]) == ("2026-W46", 300)
    assert review.figures["before"]["runs"]["failed"] == 5
    assert [one["label"] for one in review.figures["incidents"]] == ["INC-801"]
    assert len(review.figures["weeks"]) == 12
    (finding,) = queries.findings(review)
    assert (finding.about, finding.words) == ("shop", "Failed runs rose from 0.05 % to 2.98 %")
    owed = Obligation.objects.get(kind="weekly_review")
    assert (owed.subject, owed.due_at) == ("2026-W46", datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert actions.compile_due(at=AT + timedelta(hours=1)) is None

    with pytest.raises(Refused) as refusal:
        actions.sign(review, by=publisher, at=AT)
    assert refusal.value.code == "UNANSWERED"
    actions.answer(finding, to="accepted", reason="", owner="@fe-oncall", by=responder, at=AT)
    action = actions.add_action(review, Plan("Look at the shop", "@fe-oncall", date(2026, 11, 20)), by=responder, at=AT)
    actions.note(review, notes="A rough week.", seen=1, by=responder)
    actions.sign(review, by=publisher, at=AT)
    owed.refresh_from_db()
    assert owed.met_at == AT

    kept = json.dumps(Review.objects.get().figures, sort_keys=True)
    weeks_of(shop, *THIRTEEN[:-1], 9_000, at=AT)
    incident(803, MONDAY - timedelta(days=1))
    actions.finish_action(action, by=responder, at=AT + timedelta(days=1))
    for act in (
        lambda: actions.compile_again(review, by=responder, at=AT),
        lambda: actions.note(review, notes="Other", seen=2, by=responder),
        lambda: actions.answer(finding, to="rejected", reason="No.", owner="", by=responder, at=AT),
        lambda: actions.add_action(review, Plan("x", "@a", date(2027, 1, 1)), by=responder, at=AT),
        lambda: actions.sign(review, by=publisher, at=AT),
    ):
        with pytest.raises(Refused) as signed:
            act()
        assert signed.value.code == "SIGNED"
    review.refresh_from_db()
    assert json.dumps(review.figures, sort_keys=True) == kept
    assert review.notes == "A rough week."


def test_what_fired_in_a_security_incident_is_not_named(shop: Check, client_as, viewer) -> None:
    week = MONDAY - timedelta(days=3)
    hidden = incident(801, week, nature=Incident.Nature.SECURITY)
    shown = incident(802, week)
    for room in (hidden, hidden, hidden, shown, shown, None, None):
        Alert.objects.create(
            dedup_key=f"key-of-{room.number if room else 'none'}", source="api", title="x", domain=shown.domain,
            severity="SEV-2", incident=room, fired_at=week, last_seen_at=week, resolved_at=week,
        )  # fmt: skip

    review = actions.compile_due(at=AT)

    assert review is not None
    assert [(one["key"], one["fired"]) for one in review.figures["noisy"]] == [("key-of-802", 2), ("key-of-none", 2)]
    assert "key-of-801" not in client_as(viewer).get(review.get_absolute_url()).content.decode()


def test_marks_of_the_chart_are_kept_without_titles_and_frozen(
    review: Review, client_as, viewer, responder, publisher
) -> None:
    week = MONDAY - timedelta(days=3)
    incident(801, week)
    incident(802, week, nature=Incident.Nature.SECURITY)
    change = Change.objects.create(
        kind="deploy", what="Release 7", source="api", result="succeeded", started_at=week, recorded_at=week
    )
    assert "What is marked" not in client_as(viewer).get(review.get_absolute_url()).content.decode()

    review = actions.compile_again(review, by=responder, at=AT)

    kept = review.figures["marks"]
    assert (kept["letters"], kept["strokes"]) == ([[11.571, "A"]], [11.57])
    assert [one["label"] for one in (*kept["incidents"], *kept["changes"])] == ["INC-801", change.label]
    assert "Release 7" not in json.dumps(review.figures)
    actions.answer(queries.findings(review)[0], to="accepted", reason="", owner="@a", by=responder, at=AT)
    actions.sign(review, by=publisher, at=AT)
    incident(803, week)
    page = client_as(viewer).get(review.get_absolute_url()).content.decode()
    assert page.count('class="ann" d="M') == 2
    assert page.count('<b class="ann-key">A</b>') == 1
    assert "INC-803" not in page
    assert "INC-802" not in page


def test_a_review_of_before_marks_were_kept_is_still_read(review: Review, client_as, viewer) -> None:
    del review.figures["marks"]
    review.save(update_fields=["figures"])

    assert client_as(viewer).get(review.get_absolute_url()).status_code == 200


def test_late_data_are_taken_in_until_it_is_signed(review: Review, shop: Check, responder) -> None:
    weeks_of(shop, *THIRTEEN[:-1], 5, at=AT)

    found = actions.compile_again(review, by=responder, at=AT + timedelta(hours=1))

    assert found.figures["runs"]["failed"] == 5
    assert queries.findings(found) == []


def test_a_finding_that_is_answered_takes_the_place_of_no_other(review: Review, add_check: AddCheck, responder) -> None:
    actions.answer(queries.findings(review)[0], to="accepted", reason="", owner="@a", by=responder, at=AT)
    for number, errors in enumerate((200, 150)):
        weeks_of(add_check(f"late-{number}"), *THIRTEEN[:-1], errors, at=AT)

    found = actions.compile_again(review, by=responder, at=AT + timedelta(hours=1))

    assert sorted(one.about for one in queries.findings(found)) == ["late-0", "late-1", "shop"]


def test_it_waits_for_the_weeks_to_be_rolled_up_but_not_for_ever(shop: Check) -> None:
    rolled_up(MONDAY - timedelta(weeks=1))

    assert actions.compile_due(at=AT) is None
    assert actions.compile_due(at=MONDAY + timedelta(hours=7)) is not None


def test_compiled_late_it_is_not_late_at_once(shop: Check) -> None:
    sunday = MONDAY + timedelta(days=6)

    actions.compile_due(at=sunday)

    assert Obligation.objects.get(kind="weekly_review").due_at == sunday + timedelta(days=2)


def test_an_empty_first_week_is_said_to_be_one(db: None) -> None:
    review = actions.compile_due(at=MONDAY + timedelta(hours=7))

    assert review is not None
    assert (review.figures["words"], review.figures["runs"]["availability"]) == ("Nothing ran", None)
    assert queries.findings(review) == []
    assert all(one.turn == "flat" for one in queries.key_figures(review, None))


@pytest.mark.parametrize("monday", [datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)])
def test_a_week_with_a_change_of_clocks_has_seven_whole_days(
    add_check: AddCheck, monday: datetime, client_as, viewer
) -> None:
    weeks_of(add_check("shop"), 0, 0, at=monday)
    for place in range(9):
        ran(monday - timedelta(days=place, hours=-3), "ops_daily_watchdog status=healthy")

    review = actions.compile_week(monday - timedelta(weeks=1), at=monday)

    days = review.figures["ops_daily"]
    assert [one["day"] for one in days] == [f"{monday - timedelta(days=place):%Y-%m-%d}" for place in range(7, 0, -1)]
    assert {one["level"] for one in days} == {"ok"}
    assert review.figures["runs"]["runs"] == MINUTES
    page = client_as(viewer).get(review.get_absolute_url()).content.decode()
    assert all(one["day"] in page for one in days)
    assert "{{" not in page


def ran(at: datetime, *lines: str, code: int = 0, state: str = "ended") -> OperationRun:
    run = OperationRun.objects.create(
        kind="ops_daily", command="ops_daily --mode=ci", state=state, source="schedule", reason="x", asked_at=at,
        started_at=at, ended_at=at, exit_code=code, token=lines[-1],
    )  # fmt: skip
    OperationLine.objects.bulk_create(OperationLine(run=run, at=at, text=text) for text in lines)
    return run


def test_the_days_lines_are_those_of_the_runs(db: None) -> None:
    tuesday = MONDAY - timedelta(days=6)
    bad = (
        "ops_daily check=api status=unhealthy samples=1440",
        "ops_daily check=shop status=healthy samples=1440",
        "ops_daily_totals checks=2",
        "ops_daily_watchdog status=unhealthy reason=checks_unhealthy",
    )
    ran(tuesday + timedelta(hours=2), "ops_daily_watchdog status=healthy")
    ran(tuesday + timedelta(hours=9), *bad, code=2)
    ran(tuesday + timedelta(hours=10), "ops_daily_watchdog status=healthy", state="cancelled")
    ran(MONDAY + timedelta(hours=1), "ops_daily_watchdog status=healthy")

    days = reports.of_week(MONDAY - timedelta(weeks=1), MONDAY)

    assert [one["level"] for one in days] == ["missing", "warn", *["missing"] * 5]
    assert days[1] == {"day": "2026-11-10", "level": "warn", "lines": [bad[0], *bad[2:]], "in_order": 1}


def test_second_touch_hold_and_suppression_are_found_by_name(add_check: AddCheck) -> None:
    rules = "rates.hold 0..0.2\nthreshold_total >= 1\nsuppression_rate <= 0.05"
    add_check("rates", kind="json_metrics", spec={"numbers": rules}, last_value=0.12, last_ok=True)
    job = add_check("summary", kind="token_report", spec={"command": "summary", "number": "second_touch"})
    Job.objects.create(pk=job.pk, numbers={"second_touch": 0.31, "rows": 4.0})
    weeks_of(Check.objects.get(key="rates"), 10, at=AT)

    found = numbers.of_week(MONDAY - timedelta(weeks=1))

    assert found == {
        "second_touch": ["second_touch check=summary number=second_touch samples=0 in_bounds=na coverage=na last=0.31"],
        "hold": ["hold check=rates number=rates.hold samples=10080 in_bounds=99.90 coverage=100.00 last=0.12"],
        "suppression": [
            "suppression check=rates number=suppression_rate samples=10080 in_bounds=99.90 coverage=100.00 last=na"
        ],
    }


def test_what_nobody_watches_is_said(review: Review, client_as, viewer) -> None:
    assert review.figures["numbers"] == {"second_touch": [], "hold": [], "suppression": []}

    page = client_as(viewer).get(review.get_absolute_url()).content.decode()

    assert page.count("No such number is watched") == 3


def test_backups_stand_as_they_did_at_the_end_of_the_week(db: None) -> None:
    for days, result in ((3, "ok"), (2, "failed"), (-1, "ok")):
        at = MONDAY - timedelta(days=days)
        AuditEvent.objects.create(act="backup.take", actor="scheduler", object="one", result=result, at=at)

    review = actions.compile_week(MONDAY - timedelta(weeks=1), at=AT)

    found = review.figures["backups"]
    assert (found["taken"], found["failed"], found["fault"]) == (1, 1, "backup_failed")
    assert found["words"].startswith("taken 3 d ago, never tried")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checks_review SET figures = '{}'",
        "UPDATE checks_review SET signed_at = NULL",
        "UPDATE checks_review SET notes = 'other'",
        "DELETE FROM checks_finding",
        "DELETE FROM checks_review",
        "UPDATE checks_finding SET answer = ''",
        "UPDATE checks_reviewaction SET title = 'other'",
        "UPDATE checks_reviewaction SET done_at = now(), title = 'other'",
        "DELETE FROM checks_reviewaction",
        "INSERT INTO checks_finding (review_id, about, name, words, owner, answer, reason) "
        "SELECT id, 'x', 'x', 'x', '', '', '' FROM checks_review",
        "TRUNCATE checks_review CASCADE",
        "TRUNCATE checks_finding",
    ],
)
def test_the_database_refuses_to_change_a_signed_review(review: Review, responder, publisher, statement: str) -> None:
    with connection.cursor() as cursor:  # until then it may be
        cursor.execute("UPDATE checks_review SET notes = ''")
    actions.answer(queries.findings(review)[0], to="accepted", reason="", owner="@a", by=responder, at=AT)
    actions.add_action(review, Plan("Look", "@a", date(2026, 11, 20)), by=responder, at=AT)
    actions.sign(review, by=publisher, at=AT)

    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    action = actions.finish_action(review.actions.get(), by=responder, at=AT)
    assert action.done_at == AT
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE checks_reviewaction SET done_at = NULL")


def test_the_digest_is_aggregates_alone(shop: Check, settings) -> None:
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
    incident(801, MONDAY - timedelta(days=3))

    actions.compile_due(at=AT)
    actions.compile_due(at=AT)

    (message,) = Delivery.objects.filter(event="review:2026-W46")
    assert "Incidents: SEV-1 1, SEV-2 0, SEV-3 0" in message.body
    assert "Runs: 10080, failed 2.98 %, covered 100.00 %" in message.body
    assert "INC-801" not in message.body
    assert "shop" not in message.body.lower()


def test_two_who_write_notes_the_second_is_told(review: Review, responder) -> None:
    actions.note(review, notes="One", seen=1, by=responder)

    with pytest.raises(Conflict):
        actions.note(review, notes="Two", seen=1, by=responder)


@pytest.mark.parametrize(
    ("to", "reason", "owner", "code"),
    [
        ("rejected", " ", "", "REASON_MISSING"),
        ("accepted", "", "nobody", "OWNER_UNKNOWN"),
        ("maybe", "", "@a", "ANSWER_UNKNOWN"),
    ],
)
def test_an_answer_says_who_or_why(review: Review, responder, to: str, reason: str, owner: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        actions.answer(queries.findings(review)[0], to=to, reason=reason, owner=owner, by=responder, at=AT)

    assert refusal.value.code == code


def test_a_week_is_compared_with_any_earlier_one(review: Review, shop: Check) -> None:
    earlier = actions.compile_week(MONDAY - timedelta(weeks=4), at=AT)

    by_title = {one.title: one for one in queries.key_figures(review, earlier)}

    failed = by_title["Failed check runs"]
    assert (failed.value, failed.unit, failed.turn) == ("2.98", "%", "bad")
    assert failed.change == "2.93 points more than 2026-W43"
    assert by_title["Incidents"].change == "as in 2026-W43"


def test_a_review_is_held_on_its_screen(review: Review, client_as, viewer, responder, publisher) -> None:
    page = "/review/2026-W46/"
    reader, writer, signer = client_as(viewer), client_as(responder), client_as(publisher)
    assert "2026-W46" in reader.get("/review/").content.decode()
    assert "Failed runs rose" in reader.get(page).content.decode()
    assert reader.get("/review/2026-W99/").status_code == 404
    assert reader.post(f"{page}sign/").status_code == 403

    finding = queries.findings(review)[0]
    refused = writer.post(f"{page}findings/{finding.pk}/", {"answer": "rejected", "reason": ""})
    assert refused.status_code == 422
    assert "Say why this is no work for anybody." in refused.content.decode()
    assert writer.post(f"{page}findings/{finding.pk}/", {"answer": "rejected", "reason": "Known."}).status_code == 302
    wrong = writer.post(f"{page}actions/", {"title": "Mend it", "owner": "@a", "due_on": "2020-01-01"})
    assert wrong.status_code == 422
    assert "Mend it" in wrong.content.decode()
    assert (
        writer.post(f"{page}actions/", {"title": "Mend it", "owner": "@a", "due_on": "2099-01-01"}).status_code == 302
    )
    assert writer.post(f"{page}notes/", {"notes": "Fine.", "seen": "1"}).status_code == 302
    assert writer.post(f"{page}notes/", {"notes": "Mine.", "seen": "1"}).status_code == 409
    assert writer.post(f"{page}again/").status_code == 302
    assert writer.post(f"{page}sign/").status_code == 403
    assert signer.post(f"{page}sign/").status_code == 302

    signed = reader.get(page).content.decode()
    assert "Signed by publisher" in signed
    assert "Rejected by responder: Known." in signed
    action = review.actions.get()
    assert writer.post(f"{page}actions/{action.pk}/done/").status_code == 302
    acts = set(AuditEvent.objects.filter(act__startswith="review.").values_list("act", flat=True))
    assert acts == {"review.compile", "review.rejected", "review.action", "review.note", "review.sign", "review.done"}
