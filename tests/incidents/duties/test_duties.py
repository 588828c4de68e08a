"""What is owed again and again: its times across clock changes, its evidence, what is missed, and who is reminded."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from checks.catalogue.models import Check
from checks.evidence import actions as evidence
from checks.operations.models import OperationRun
from incidents.duties import actions, queries, reminders
from incidents.duties.actions import Terms
from incidents.duties.models import Duty, Occurrence
from incidents.obligations.models import Obligation
from incidents.paging import notes
from opsportal import recurrence
from opsportal.errors import Conflict, Refused
from opsportal.models import Delivery
from tests.incidents.cast import AT
from tests.incidents.drills.cast import detected, play
from tests.locking import meanwhile

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _only_ours():
    """Those that come with the portal stay out of the way."""
    Duty.objects.update(retired_at=AT - DAY)


def terms(**changes) -> Terms:
    given: dict[str, Any] = {
        "title": "Keys are rotated",
        "what": "",
        "owner": "@sre-lead",
        "rule": "weekly",
        "first_on": date(2026, 11, 2),
        "clock": time(10),
        "time_zone": "UTC",
        "evidence": "note",
        "proof": "",
        "remind_hours": 24,
    }
    return Terms(**given | changes)


def define(admin, **changes) -> Duty:
    """Owed each Monday at ten, defined on Saturday, 21 November."""
    return actions.define("key-rotation", terms(**changes), by=admin, at=AT)


def states(duty: Duty) -> list[tuple[str, str]]:
    rows = duty.occurrences.order_by("due_at").values_list("due_at", "state")
    return [(f"{due_at:%m-%d %H:%M}", state) for due_at, state in rows]


@pytest.mark.parametrize(
    ("rule", "first", "after", "zone", "expected"),
    [
        ("daily", date(2026, 1, 1), "2026-10-24T20:00", "Europe/Berlin", "2026-10-25T09:00"),
        ("daily", date(2026, 1, 1), "2026-10-23T20:00", "Europe/Berlin", "2026-10-24T08:00"),
        ("daily", date(2026, 1, 1), "2027-03-27T20:00", "Europe/Berlin", "2027-03-28T08:00"),
        ("weekly", date(2026, 1, 1), "2026-11-26T10:00", "UTC", "2026-12-03T10:00"),
        ("monthly_day", date(2026, 1, 31), "2027-02-01T00:00", "UTC", "2027-02-28T10:00"),
        ("quarterly", date(2026, 1, 31), "2026-11-21T00:00", "UTC", "2027-01-31T10:00"),
        ("quarterly", date(2025, 11, 30), "2026-01-01T00:00", "America/New_York", "2026-02-28T15:00"),
        ("monthly_weekday", date(2026, 1, 13), "2026-11-10T10:00", "UTC", "2026-12-08T10:00"),
    ],
)
def test_a_rule_comes_again_at_the_same_hour_on_the_wall(rule, first, after, zone, expected):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)

    found = recurrence.next_after(moment, rule, first=first, clock=time(10), zone=zone)

    assert found.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_duty_has_a_clock_that_is_met_with_evidence(admin):
    duty = define(admin)
    clock = Obligation.objects.get(kind="duty")
    assert (clock.subject, clock.owner) == ("key-rotation 2026-11-23", "@sre-lead")
    with pytest.raises(Refused, match="Say briefly"):
        actions.hold(duty, note=" ", by=admin, at=AT)

    done = actions.hold(duty, note="Rotated, ticket OPS-12", by=admin, at=AT + DAY)

    clock.refresh_from_db()
    assert (done.evidence, clock.met_at) == ("Rotated, ticket OPS-12", AT + DAY)
    with pytest.raises(Refused, match="Nothing of it is owed"):
        actions.hold(duty, note="Again", by=admin, at=AT + DAY)


def test_done_before_its_time_the_next_one_opens_when_that_time_has_come(admin):
    duty = define(admin)
    actions.hold(duty, note="Rotated", by=admin, at=AT + DAY)

    actions.keep(at=AT + DAY)
    assert states(duty) == [("11-23 10:00", "held")]
    actions.keep(at=AT + 3 * DAY)
    actions.keep(at=AT + 3 * DAY)

    assert states(duty) == [("11-23 10:00", "held"), ("11-30 10:00", "open")]


def test_what_nobody_did_is_late_and_then_missed_and_counted(admin):
    duty = define(admin)
    actions.keep(at=AT + 5 * DAY)
    assert queries.listing(at=AT + 5 * DAY).late == 1

    # A portal that stood still counts every time that passed.
    actions.keep(at=AT + 18 * DAY)

    assert states(duty) == [("11-23 10:00", "missed"), ("11-30 10:00", "missed"), ("12-07 10:00", "open")]
    section = queries.week_summary(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    assert section.lines == (
        "0 of 1 done, 0 of them late", "1 missed, 0 still owed, 0 waived", "Missed: key-rotation"
    )  # fmt: skip


def test_one_time_is_left_out_with_a_reason(admin):
    duty = define(admin)

    actions.waive(duty, reason="The provider rotates this week.", by=admin, at=AT)

    assert Obligation.objects.get(kind="duty").reason == "The provider rotates this week."
    assert states(duty) == [("11-23 10:00", "waived")]


def test_a_change_moves_what_is_open_and_two_at_once_are_told(admin):
    duty = define(admin)
    actions.change(duty, terms(clock=time(15)), seen=1, by=admin, at=AT)

    assert states(duty) == [("11-23 15:00", "open")]
    assert Obligation.objects.open().get(kind="duty").due_at.hour == 15
    with pytest.raises(Conflict):
        actions.change(duty, terms(), seen=1, by=admin, at=AT)


def test_a_retired_duty_owes_nothing_and_the_time_in_between_counts_as_nothing(admin):
    duty = define(admin)
    actions.retire(duty, by=admin, at=AT)
    actions.keep(at=AT + 20 * DAY)
    assert not Obligation.objects.open().filter(kind="duty").exists()

    actions.bring_back(duty, by=admin, at=AT + 20 * DAY)

    assert states(duty) == [("11-23 10:00", "waived"), ("12-14 10:00", "open")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_zone": "Mars/Base"}, "no such time zone"),
        ({"owner": "sre lead"}, "handle"),
        ({"rule": "sometimes"}, "one of the rules"),
        ({"title": " "}, "Say what is done"),
        ({"evidence": "operation"}, "named as proof"),
        ({"proof": "backup_verify"}, "named as proof"),
    ],
)
def test_a_duty_that_cannot_be_is_refused_in_words(admin, changes, words):
    with pytest.raises(Refused, match=words):
        define(admin, **changes)


def run_of(kind: str, **changes) -> OperationRun:
    given = {"command": kind, "state": "ended", "source": "web", "reason": "", "asked_at": AT, "exit_code": 0}
    return OperationRun.objects.create(kind=kind, **given | {"token": f"{kind} status=ok"} | changes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["keep", "retire", "change"])
def test_what_was_done_at_the_same_moment_stays_done(act, admin, responder):
    duty, late = define(admin), AT + 6 * DAY
    acts = {
        "keep": lambda: actions.keep(at=late),
        "retire": lambda: actions.retire(duty, by=admin, at=AT + DAY),
        "change": lambda: actions.change(duty, terms(clock=time(12)), seen=1, by=admin, at=AT + DAY),
    }

    outcomes = meanwhile(lambda: actions.hold(duty, note="Rotated", by=responder, at=AT + DAY), acts[act])
    assert not [one for one in outcomes if isinstance(one, Exception)]

    done = duty.occurrences.order_by("due_at").first()
    assert done is not None
    assert (done.state, done.settled_by, done.evidence) == ("held", responder, "Rotated")


def test_a_duty_that_fails_does_not_keep_others_from_their_time(admin, monkeypatch):
    actions.define("first", terms(), by=admin, at=AT)
    duty, due = define(admin), Duty.due_after

    def fail(one, moment):
        if one.slug == "first":
            raise ValueError("no such day")
        return due(one, moment)

    monkeypatch.setattr(Duty, "due_after", fail)

    with pytest.raises(ValueError, match="no such day"):
        actions.keep(at=AT + 6 * DAY)

    assert states(duty) == [("11-23 10:00", "missed"), ("11-30 10:00", "open")]


def test_an_operation_that_ends_well_is_evidence_and_a_failed_one_is_not(admin):
    duty = define(admin, evidence="operation", proof="backup_verify")

    for run in (run_of("backup_verify", exit_code=2), run_of("backup"), run_of("backup_verify", state="cancelled")):
        evidence.of_run(run, at=AT + DAY)
    assert states(duty) == [("11-23 10:00", "open")]
    evidence.of_run(run_of("backup_verify"), at=AT + DAY)

    assert states(duty) == [("11-23 10:00", "held")]
    assert duty.occurrences.get().evidence == "backup_verify status=ok"


@pytest.mark.parametrize(
    ("kind", "command", "token", "why"),
    [
        ("prod_verify", "prod_verify --dry-run", "prod_verify status=ok mode=dry_run", "nothing was looked at"),
        (
            *("prod_verify", "prod_verify --verify", "prod_verify status=not_configured reason=missing_env"),
            "there is no production",
        ),
        ("prod_verify", "prod_verify --verify", "", "it did not say so"),
        (
            *("check_slo_policy", "check_slo_policy", "check_slo_policy status=not_configured reason=missing_dsn"),
            "there is no database",
        ),
        ("backup_verify", "backup_verify", "backup_verify status=ok mode=dry_run", "nothing was done"),
    ],
)
def test_what_ends_well_and_did_nothing_is_no_evidence(admin, kind, command, token, why):
    duty = define(admin, evidence="operation", proof=kind)

    evidence.of_run(run_of(kind, command=command, token=token), at=AT + DAY)

    assert states(duty) == [("11-23 10:00", "open")], why


def test_the_weekly_verification_is_proved_by_a_look_at_production_alone(admin):
    duty = define(admin, evidence="operation", proof="prod_verify")

    run = run_of("prod_verify", command="prod_verify --verify", token="prod_verify status=ok mode=verify")
    evidence.of_run(run, at=AT + DAY)

    assert states(duty) == [("11-23 10:00", "held")]


def test_a_check_that_passed_since_it_was_opened_is_evidence(admin):
    duty = define(admin, evidence="check", proof="portal-disk")
    check = Check.objects.filter(key="portal-disk")
    check.update(state="healthy", last_ok=True, last_run_at=AT - DAY)
    evidence.of_checks(at=AT)
    assert states(duty) == [("11-23 10:00", "open")]

    check.update(last_run_at=AT + DAY)
    evidence.of_checks(at=AT + DAY)

    assert states(duty) == [("11-23 10:00", "held")]


def test_a_drill_that_is_played_to_its_end_is_evidence(admin, responder):
    duty = define(admin, evidence="drill")

    play(detected(responder), responder)

    assert duty.occurrences.get().evidence == "DRILL-1: 70 of 70 points"


def test_whoever_answers_is_reminded_once_before_and_once_when_it_is_late(admin, settings):
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    define(admin)
    due_at = Occurrence.objects.get().due_at

    told = [reminders.sweep(at=due_at + timedelta(hours=hours), tell=notes.tell) for hours in (-25, -24, -1, 0, 1)]

    assert told == [0, 1, 0, 1, 0]
    subjects = list(Delivery.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == [
        "Keys are rotated: due 23 Nov 10:00 UTC",
        "Keys are rotated: late since 23 Nov 10:00 UTC",
    ]


def test_what_is_late_for_long_does_not_stand_before_another_reminder(admin, settings, monkeypatch):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example/x"
    monkeypatch.setattr(reminders, "_BATCH", 1)
    define(admin)
    late = AT + 3 * DAY
    assert reminders.sweep(at=late, tell=notes.tell) == 1
    actions.define(
        "second", terms(title="Doors are locked", first_on=date(2026, 11, 25), remind_hours=48), by=admin, at=late
    )

    assert reminders.sweep(at=late, tell=notes.tell) == 1

    assert Delivery.objects.latest("pk").subject.startswith("Doors are locked: due 25 Nov")


def test_the_list_costs_the_same_however_many_duties_there_are(admin, django_assert_num_queries):
    for name in ("key-rotation", "restore-trial", "access-review"):
        actions.define(name, terms(), by=admin, at=AT)

    with django_assert_num_queries(7):
        assert len(queries.listing(at=AT).rows) == 3


def test_the_portal_comes_with_the_duties_of_the_operating_documents():
    assert list(Duty.objects.order_by("slug").values_list("slug", "evidence", "proof")) == [
        ("daily-health-checks", "sheet", ""),
        ("monthly-drill", "drill", ""),
        ("monthly-restore-test", "operation", "backup_verify"),
        ("quarterly-access-review", "note", ""),
        ("weekly-verification", "operation", "prod_verify"),
    ]


def test_an_admin_defines_a_duty_and_a_responder_holds_it(client_as, admin, responder):
    form = {
        "slug": "key-rotation", "title": "Keys are rotated", "owner": "@sre-lead", "rule": "weekly",
        "first_on": "2026-11-02", "clock": "10:00", "time_zone": "UTC", "evidence": "operation", "proof": "",
        "remind_hours": "24",
    }  # fmt: skip
    boss, hand = client_as(admin), client_as(responder)
    wrong = boss.post("/duties/new/", form)
    assert wrong.status_code == 422 and "named as proof" in wrong.content.decode()
    for capital in ("INC-audit", "key_rotation", "key--rotation"):
        wrong = boss.post("/duties/new/", form | {"evidence": "note", "slug": capital})
        assert wrong.status_code == 422 and "Small letters, digits and single dashes" in wrong.content.decode()
    boss.post("/duties/new/", form | {"evidence": "note", "slug": " key-rotation "})
    page = hand.get("/duties/").content.decode()
    assert "Keys are rotated" in page and "To be done" in page

    assert 'type="submit">Skip</button>' in hand.get("/duties/key-rotation/waive/").content.decode()
    assert hand.post("/duties/key-rotation/hold/", {"note": ""}).status_code == 422
    hand.post("/duties/key-rotation/hold/", {"note": "Rotated"})

    assert "Rotated" in hand.get("/duties/key-rotation/").content.decode()
    calendar = hand.get("/duties/calendar.ics")
    assert calendar["Content-Type"].startswith("text/calendar") and b"SUMMARY:Keys are rotated" in calendar.content
    boss.post("/duties/key-rotation/retire/")
    assert "Retired" in hand.get("/duties/").content.decode()
    assert ">Restore<" in boss.get("/duties/key-rotation/").content.decode()


def test_a_late_duty_stands_on_now_with_a_way_to_it(client_as, responder, admin):
    duty = define(admin)
    Obligation.objects.filter(kind="duty").update(due_at=AT)

    page = client_as(responder).get("/").content.decode()

    assert f'href="{duty.get_absolute_url()}"' in page
