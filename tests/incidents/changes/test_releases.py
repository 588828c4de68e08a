"""A release: facts fill themselves, people tick and sign, operations meet duties and advise to take back."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.changes import actions, advice, facts, freezes, notices, preflight, queries, rules, verification
from incidents.changes.actions import Teller
from incidents.changes.facts import Found
from incidents.changes.models import Change
from incidents.changes.release import ChangePolicy, OperationFact, SignOff
from incidents.changes.rules import Rules
from incidents.obligations.models import Obligation
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import AuditEvent, Delivery
from tests.incidents.cast import AT, SECRET, domain, minutes

pytestmark = pytest.mark.django_db
OK = {
    "policy_check": "policy_check status=ok checks=4",
    "ops_daily": "ops_daily_watchdog status=healthy",
    "prod_verify": "prod_verify status=ok mode=verify",
    "db_bootstrap": "db_bootstrap_dry_run status=ok migrations=40",
    "db_rollback_plan": "db_rollback_plan status=ok reversible=5 irreversible=0",
}


@pytest.fixture
def found():
    """Tell how a run ended, minutes after the moment; strict and good unless it says otherwise."""
    number = iter(range(1, 100))

    def told(kind: str, minute: float, **changes: Any) -> OperationFact | None:
        commands = {"prod_verify": "prod_verify --verify", "ops_daily": "ops_daily --mode=prod"}
        words: dict[str, Any] = {
            "run": next(number),
            "kind": kind,
            "command": commands.get(kind, kind),
            "level": "ok",
            "line": OK.get(kind, ""),
            "lines": "",
            "started_at": minutes(minute - 1),
            "ended_at": minutes(minute),
            "is_strict": kind in commands,
        }
        return facts.learn(Found(**words | changes))

    return told


@pytest.fixture
def fail(found):
    def tell_failed(kind: str, minute: float, **changes: Any) -> OperationFact | None:
        words = {"level": "fail", "line": f"{kind} status=fail reason=unhealthy"}
        told: OperationFact | None = found(kind, minute, **words | changes)
        return told

    return tell_failed


@pytest.fixture
def planned(tell):
    return tell(result="planned", started_at=minutes(60))


def duty(change: Change) -> Obligation:
    return Obligation.objects.get(kind="change_verification", subject=change.label)


# --- verification -----------------------------------------------------------------------------------------------------


def test_a_change_that_succeeded_is_to_be_verified_within_the_agreed_minutes(tell, found):
    one = tell(started_at=minutes(-10))
    assert (duty(one).due_at, duty(one).owner) == (minutes(30), "@responder")
    assert [(change, read.is_late(minutes(31))) for change, read in verification.due(minutes(31))] == [(one, True)]

    found("prod_verify", 18)

    assert duty(one).met_at == minutes(18)
    assert verification.of([one])[one.pk].after == timedelta(minutes=18)
    assert verification.due(minutes(31)) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"started_at": minutes(-3), "ended_at": minutes(3)}, "it began before the change had ended"),
        (
            {"command": "prod_verify --dry-run", "is_strict": False, "line": "prod_verify status=ok mode=dry_run"},
            "nothing was looked at",
        ),
        ({"line": "prod_verify status=not_configured reason=missing_env"}, "there is no production"),
        ({"level": "fail", "line": "prod_verify status=fail mode=verify reason=unhealthy"}, "it failed"),
    ],
)
def test_only_a_good_run_that_began_after_it_verifies_a_change(tell, found, changes, why):
    one = tell()

    found("prod_verify", 5, **changes)

    assert duty(one).is_running, why


def test_a_run_without_traffic_verifies_a_change_as_the_operating_documents_have_it(tell, found):
    one, line = tell(), "prod_verify status=fail mode=verify reason=delivered_total_0"

    found("prod_verify", 5, level="warn", line=line)

    read = verification.of([one])[one.pk]
    assert (read.met_at, read.is_without_traffic, read.failures) == (minutes(5), True, 0)
    later = tell(started_at=minutes(1), finished_at=minutes(2), artifact="v9", at=minutes(6))
    assert duty(later).met_at == minutes(5)


def test_runs_that_failed_meanwhile_are_counted(tell, fail):
    one = tell()
    for minute in (5, 9, 14):
        fail("prod_verify", minute)

    assert verification.of([one])[one.pk].failures == 3


def test_what_was_verified_before_it_was_told_is_met_at_once(tell, found):
    found("prod_verify", 10)

    one = tell(started_at=minutes(-5), finished_at=AT, at=minutes(50))

    assert duty(one).met_at == minutes(10)


@pytest.mark.parametrize(
    "changes",
    [
        {"result": "failed"},
        {"result": "running"},
        {"result": "planned", "started_at": minutes(9)},
        {"started_at": minutes(-60 * 30), "finished_at": minutes(-60 * 25)},
    ],
)
def test_nothing_is_owed_of_what_is_not_in_production_or_was_long_ago(tell, changes):
    tell(**changes)

    assert not Obligation.objects.filter(kind="change_verification").exists()


def test_how_soon_is_a_rule_and_may_be_never(tell, admin):
    rules.change("flag", Rules(None, 2, False, ""), seen=rules.of(policy("flag")).mark, by=admin)

    assert verification.of([tell(kind="flag", artifact="")]) == {}


def test_somebody_may_say_why_none_is_needed(tell, responder):
    one = tell()
    with pytest.raises(Refused, match="why"):
        verification.waive(one, reason=" ", by=responder, at=minutes(1))

    verification.waive(one, reason="A rehearsal", by=responder, at=minutes(1))

    assert verification.of([one])[one.pk].waived == "A rehearsal"
    with pytest.raises(Refused, match="not any more"):
        verification.waive(one, reason="again", by=responder, at=minutes(2))


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_rollback_takes_back_what_it_names_and_its_duty_ends(tell):
    good, bad = tell(artifact="v1"), tell(artifact="v2", at=minutes(5))

    back = tell(kind="rollback", artifact="v1", takes_back=bad, at=minutes(9))

    bad.refresh_from_db()
    assert (bad.result, queries.steps(bad)[-1].note) == ("rolled_back", f"{back.label}: Deploy payments")
    assert duty(bad).reason == "It was rolled back."
    assert [one.change for one in queries.last_good()] == [good]


@pytest.mark.parametrize(("goal", "left"), [("v1", {"v1"}), ("v2", {"v1", "v2"}), ("v0", {"v1", "v2"})])
def test_a_rollback_that_names_only_its_version_takes_back_what_came_since(tell, goal, left):
    for minute, version in enumerate(("v1", "v2", "v3")):
        tell(artifact=version, at=minutes(minute))
    other = tell(artifact="b9", domain=domain("backend"), at=minutes(4))

    tell(kind="rollback", artifact=goal, at=minutes(9))

    held = set(Change.objects.good().filter(domain=domain()).values_list("artifact", flat=True))
    assert held == left
    assert other in [one.change for one in queries.last_good()]


def test_a_rollback_takes_effect_only_when_it_succeeds(tell, responder):
    tell(artifact="v1")
    bad = tell(artifact="v2", at=minutes(1))
    back = tell(kind="rollback", artifact="v1", result="running", takes_back=bad, at=minutes(2))
    assert Change.objects.get(pk=bad.pk).result == "succeeded"

    actions.succeed(back, by=Teller(responder), at=minutes(3))

    assert Change.objects.get(pk=bad.pk).result == "rolled_back"


@pytest.mark.parametrize(
    "changes", [{"kind": "deploy"}, {"kind": "rollback", "domain": None}, {"kind": "rollback", "result": "planned"}]
)
def test_only_a_rollback_of_the_same_place_takes_back_what_has_begun(tell, changes):
    state = changes.pop("result", "succeeded")
    bad = tell(result=state)

    with pytest.raises(Refused) as refusal:
        tell(**changes, takes_back=bad, at=minutes(1))

    assert refusal.value.code == "TAKES_NOTHING_BACK"


# --- pre-flight -------------------------------------------------------------------------------------------------------


def levels(change: Change, minute: float = 10) -> list[tuple[str, str]]:
    return [(one.level, one.words) for one in preflight.of(change, at=minutes(minute)).facts]


def test_facts_fill_themselves(tell, found, planned, responder):
    tell(artifact="v1", at=minutes(-90))
    found("policy_check", 1)
    found("ops_daily", 2)
    notices.announce(planned, words="", tickets="", by=responder, at=minutes(3))

    assert levels(planned) == [
        ("ok", "policy_check status=ok checks=4"),
        ("ok", "ops_daily_watchdog status=healthy"),
        ("ok", "Nothing is frozen when it begins"),
        ("ok", "Goes back to v1"),
        ("ok", "Announced in the ops channel"),
    ]


def test_what_is_missing_bad_old_or_frozen_is_said(fail, found, planned):
    assert [level for level, _ in levels(planned)] == ["warn", "warn", "ok", "warn", "warn"]

    found("policy_check", -60 * 25)
    fail("ops_daily", 2)
    actions.freeze(domain(), "Error budget is spent", at=AT)

    assert levels(planned)[:3] == [
        ("warn", "policy_check is older than 24 hours"),
        ("fail", "ops_daily status=fail reason=unhealthy"),
        ("fail", "Error budget is spent: Payments"),
    ]


def test_too_little_data_is_in_order_as_the_operating_documents_have_it(found, planned):
    found("ops_daily", 2, level="warn", line="ops_daily_watchdog status=insufficient_data reason=delivered_total_0")

    assert levels(planned)[1][0] == "ok"


@pytest.mark.parametrize(("level", "words"), [("ok", "can go back without"), ("fail", "mend it with a new migration")])
def test_a_migration_says_whether_the_schema_can_go_back(tell, found, level, words):
    one = tell(kind="migration", artifact="0042", result="planned", started_at=minutes(60))
    found("db_rollback_plan", 3, level=level)

    assert words in dict(enumerate(said for _, said in levels(one)))[3]


def test_it_begins_when_everything_is_ticked_and_signed(tell, found, planned, responder, admin):
    tell(artifact="v1", at=minutes(-90))
    found("policy_check", 1)
    found("ops_daily", 2)
    notices.announce(planned, words="", tickets="", by=responder, at=minutes(3))
    with pytest.raises(Refused, match="0 of 3"):
        preflight.sign(planned, in_spite="", by=admin, at=minutes(4))
    with pytest.raises(Refused, match="not signed off") as refusal:
        actions.start(planned, by=Teller(responder), at=minutes(5))
    assert refusal.value.code == "NOT_SIGNED_OFF"

    for step in preflight.of(planned, at=minutes(6)).steps:
        preflight.tick(step, by=responder, at=minutes(6))
        preflight.tick(step, by=admin, at=minutes(7))
    signed = preflight.sign(planned, in_spite="not needed", by=admin, at=minutes(8))
    actions.start(planned, by=Teller(responder), at=minutes(9))

    assert (signed.by, signed.in_spite) == (admin, "")
    assert signed.facts.startswith("ok: policy_check status=ok checks=4\nok: ops_daily")
    begun = preflight.of(Change.objects.get(pk=planned.pk), at=minutes(10))
    assert [one.words for one in begun.facts][:1] == ["policy_check status=ok checks=4"]
    first = begun.steps[0]
    assert (first.ticked_by, first.ticked_at) == (responder, minutes(6))
    acts = set(AuditEvent.objects.filter(object=planned.label).values_list("act", flat=True))
    assert {"change.tick", "change.sign_off", "change.announce", "change.start"} <= acts


def test_what_is_not_in_order_needs_a_reason_to_be_signed(planned, responder):
    for step in preflight.of(planned, at=AT).steps:
        preflight.tick(step, by=responder, at=AT)
    with pytest.raises(Refused, match="Not in order: policy_check has not run"):
        preflight.sign(planned, in_spite=" ", by=responder, at=AT)
    with pytest.raises(Refused):
        preflight.sign(planned, in_spite=SECRET, by=responder, at=AT)

    signed = preflight.sign(planned, in_spite="Fixes INC-1", by=responder, at=AT)

    assert (signed.in_spite, AuditEvent.objects.get(act="change.sign_off").reason) == ("Fixes INC-1", "Fixes INC-1")
    with pytest.raises(Refused, match="signed off already"):
        preflight.sign(planned, in_spite="x", by=responder, at=AT)
    with pytest.raises(Refused, match="stays as it is"):
        preflight.untick(planned.checklist.first(), by=responder, at=AT)


def test_who_cannot_wait_for_a_signature_says_why(planned, responder):
    one = actions.start(planned, override="Fixes INC-1", by=Teller(responder), at=minutes(1))

    assert (one.result, one.override) == ("running", "Fixes INC-1")
    assert AuditEvent.objects.get(act="change.override").reason == "Fixes INC-1"


def test_a_tick_can_be_taken_back_and_the_log_keeps_both(planned, responder):
    step = planned.checklist.get(position=1)
    preflight.tick(step, by=responder, at=minutes(1))
    preflight.untick(step, by=responder, at=minutes(2))

    step.refresh_from_db()
    assert step.ticked_at is None
    acts = AuditEvent.objects.filter(object=planned.label).order_by("id").values_list("act", flat=True)
    assert list(acts) == ["change.tick", "change.untick"]


# --- announcing -------------------------------------------------------------------------------------------------------


def test_the_ops_channel_hears_it_once_with_ticket_links(planned, responder, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.example.com/x"

    notices.announce(
        planned,
        words="Carts pause for a minute.",
        tickets="https://tickets.example/7\n\nhttps://tickets.example/8 https://tickets.example/7",
        by=responder,
        at=AT,
    )

    told = Delivery.objects.get()
    assert told.subject == f"{planned.label} planned: Deploy payments"
    assert told.body.splitlines()[:4] == [
        "Deploy 2026.11.21-1, Payments.",
        "Carts pause for a minute.",
        "https://tickets.example/7",
        "https://tickets.example/8",
    ]
    assert told.body.endswith(planned.get_absolute_url())


@pytest.mark.parametrize(
    ("words", "tickets"),
    [(f"Key {SECRET}", ""), ("", "http://tickets.example/7"), ("", SECRET), ("", "https://a.example " * 3 + "x")],
)
def test_what_may_not_leave_is_refused_and_nothing_is_told(planned, responder, words, tickets):
    with pytest.raises(Refused):
        notices.announce(planned, words=words, tickets=tickets, by=responder, at=AT)

    assert not planned.notices.exists()


# --- advice -----------------------------------------------------------------------------------------------------------


def test_repeated_strict_failures_since_a_change_advise_to_take_it_back(tell, fail):
    tell(artifact="v1", at=minutes(-300))
    bad = tell(artifact="v2")
    fail("prod_verify", 5)
    assert advice.standing(at=minutes(6)) is None

    fail("ops_daily", 9)

    found = advice.standing(at=minutes(10))
    assert found is not None
    assert (found.change, found.failures, found.since) == (bad, 2, minutes(4))
    assert found.good is not None and found.good.artifact == "v1"
    assert found.schema == "No schema change since."
    assert found.runbook is not None and found.runbook.slug == "deploy-and-rollback"


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([("fail", 5), ("fail", 9), ("ok", 12)], "it went well since"),
        ([("fail", -5), ("fail", 9)], "it failed before the change already"),
        ([("warn", 5), ("warn", 9)], "too little data is no failure"),
        ([("loose", 5), ("loose", 9)], "only strict runs count"),
    ],
)
def test_without_repeated_failures_of_its_own_there_is_no_advice(tell, found, fail, runs, why):
    tell()
    for level, minute in runs:
        if level == "loose":
            fail("ops_daily", minute, is_strict=False)
        else:
            found("ops_daily", minute, level=level)

    assert advice.standing(at=minutes(20)) is None, why


def test_the_newest_change_before_the_first_failure_is_meant(tell, fail):
    bad = tell(kind="configuration", artifact="", at=minutes(1))
    fail("ops_daily", 5)
    tell(artifact="v9", at=minutes(7))
    fail("ops_daily", 9)

    found = advice.standing(at=minutes(10))

    assert found is not None
    assert (found.change, found.first) == (bad, "It is configuration, so put the variable back first.")


def test_once_it_was_taken_back_the_advice_is_over(tell, fail):
    tell(artifact="v1", at=minutes(-90))
    bad = tell(artifact="v2")
    fail("ops_daily", 5)
    fail("ops_daily", 9)

    tell(kind="rollback", artifact="v1", takes_back=bad, at=minutes(10))
    fail("ops_daily", 12)

    assert advice.standing(at=minutes(13)) is None


def test_the_schema_is_part_of_the_advice(tell, found, fail):
    tell(artifact="v2")
    moved = tell(kind="migration", artifact="0042", at=minutes(1))
    found("db_rollback_plan", 2, level="fail", line="db_rollback_plan status=unhealthy reason=newest_not_safe")
    fail("ops_daily", 5)
    fail("ops_daily", 9)

    read = advice.standing(at=minutes(10))

    assert read is not None
    assert read.schema.startswith(f"The schema changed with {moved.label}: the newest migration cannot safely go back")


# --- rules and facts --------------------------------------------------------------------------------------------------


def policy(kind: str) -> ChangePolicy:
    return ChangePolicy.objects.get(pk=kind)


def test_rules_are_changed_by_admins_within_bounds_and_of_two_at_once_one_is_told(admin, responder, tell):
    seen = rules.of(policy("deploy")).mark
    with pytest.raises(Denied):
        rules.change("deploy", Rules(45, 3, True, ""), seen=seen, by=responder)
    for wrong in (Rules(1, 3, True, ""), Rules(45, 0, True, ""), Rules(45, 3, True, "x" * 201)):
        with pytest.raises(Refused):
            rules.change("deploy", wrong, seen=seen, by=admin)

    rules.change("deploy", Rules(45, 3, True, "One thing\nAnother"), seen=seen, by=admin)

    with pytest.raises(Conflict):
        rules.change("deploy", Rules(60, 3, True, ""), seen=seen, by=admin)
    assert [one.text for one in tell(result="planned").checklist.order_by("position")] == ["One thing", "Another"]
    assert duty(tell()).due_at == minutes(45)
    assert "verify_minutes 45" in AuditEvent.objects.get(act="change.rules").reason


def test_a_run_is_learnt_once_and_only_of_kinds_that_are_read(found):
    assert found("doctor", 1) is None
    found("policy_check", 2, run=7)
    found("policy_check", 3, run=7)

    assert OperationFact.objects.get().ended_at == minutes(2)


def test_old_facts_are_forgotten(found):
    found("policy_check", -60 * 24 * 181)
    found("policy_check", 1)

    assert OperationFact.objects.count() == 1


def test_a_budget_freeze_and_its_override_stand_in_the_audit_log(tell, admin):
    freezes.freeze(domain(), "Error budget is spent", at=AT)

    one = tell(override="Fixes INC-1", at=minutes(1))

    assert AuditEvent.objects.get(act="change.override").object == one.label
    assert not SignOff.objects.exists()
