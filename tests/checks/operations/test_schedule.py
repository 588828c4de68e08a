"""ops_daily each day, the alert when it did not run, and the one issue of a strict one that is unhealthy."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.conf import settings

from checks.catalogue.models import Check
from checks.operations import actions, plans, schedule
from checks.operations.models import OperationRun
from checks.operations.plans import Plan
from incidents.alerts.models import Alert
from opsportal import env
from opsportal.audit.models import AuditEvent
from opsportal.errors import Denied, Refused
from opsportal.models import Delivery, User
from opsportal.roles import Role

NIGHT = datetime(2026, 11, 21, 2, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
State = OperationRun.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stood_for_weeks() -> None:
    Check.objects.filter(is_own=True).update(created_at=NIGHT - timedelta(days=30))


def ended(run: OperationRun, token: str, code: int, at: datetime = NIGHT) -> OperationRun:
    """Run to its end with this as the last line."""
    actions.claim(run.pk, at=at)
    actions.keep(run, [(at, token)], at=at)
    actions.finish(run, state=State.ENDED, code=code, at=at)
    return OperationRun.objects.get(pk=run.pk)


@pytest.fixture
def only_daily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else runs by itself."""
    ours = plans.plan_of("ops_daily")
    monkeypatch.setattr(plans, "_of_the_house", lambda: {ours.kind: ours})


@pytest.mark.usefixtures("only_daily")
def test_the_day_is_claimed_once_and_the_next_after_a_day() -> None:
    for at in (NIGHT, NIGHT + HOUR):
        schedule.look(at=at)
    run = OperationRun.objects.get()
    assert (run.kind, run.source, run.period, run.by) == ("ops_daily", "schedule", date(2026, 11, 21), None)
    ended(run, "ops_daily_watchdog status=healthy", 0)

    schedule.look(at=NIGHT + 12 * HOUR)
    assert OperationRun.objects.count() == 1
    schedule.look(at=NIGHT + DAY)
    assert OperationRun.objects.count() == 2


@pytest.mark.usefixtures("only_daily")
def test_a_new_portal_owes_no_report_of_before_it_was_there() -> None:
    Check.objects.filter(is_own=True).update(created_at=NIGHT + HOUR)

    schedule.look(at=NIGHT + 2 * HOUR)
    assert not OperationRun.objects.exists()
    schedule.look(at=NIGHT + DAY)
    assert OperationRun.objects.count() == 1


@pytest.mark.usefixtures("only_daily")
def test_one_by_hand_does_not_take_the_days_place(responder: User) -> None:
    by_hand = actions.start("ops_daily --mode=ci", reason="look", by=responder, at=NIGHT)

    schedule.look(at=NIGHT)
    assert OperationRun.objects.get() == by_hand
    ended(by_hand, "ops_daily_watchdog status=healthy", 0)
    schedule.look(at=NIGHT + HOUR)
    assert OperationRun.objects.filter(period=date(2026, 11, 21)).count() == 1


def test_it_is_strict_where_production_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "missing_names", list)
    assert plans.daily_command() == "ops_daily --mode=prod"

    monkeypatch.setattr(env, "missing_names", lambda: ["BASE_URL"])
    assert plans.daily_command() == "ops_daily --mode=ci"


@pytest.mark.usefixtures("only_daily")
def test_a_day_without_one_is_an_alert_once_and_ends_with_the_next() -> None:
    schedule.look(at=NIGHT)
    actions.claim(OperationRun.objects.get().pk, at=NIGHT)
    actions.keep_all(at=NIGHT + HOUR)
    assert OperationRun.objects.get().state == State.LOST

    schedule.look(at=NIGHT + 2 * HOUR)
    assert not Alert.objects.exists()
    for minutes in (1, 2):
        schedule.look(at=NIGHT + 2 * HOUR + timedelta(minutes=minutes))
    alert = Alert.objects.get()
    assert (alert.title, alert.reason, alert.seen) == ("ops_daily did not run", "ops_daily_missing", 1)
    assert alert.incident is not None

    schedule.look(at=NIGHT + DAY)
    ended(OperationRun.objects.get(period=date(2026, 11, 22)), "ops_daily_watchdog status=healthy", 0, at=NIGHT + DAY)
    schedule.look(at=NIGHT + DAY + HOUR)
    alert.refresh_from_db()
    assert alert.resolved_at == NIGHT + DAY + HOUR


PLAN = Plan("doctor", "doctor", "week", time(6, 0), 5)
SATURDAY = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.mark.usefixtures("only_daily")
def test_what_an_admin_plans_runs_from_then_on_and_not_before(admin: User) -> None:
    actions.plan("doctor", PLAN, by=admin, at=SATURDAY - 3 * DAY)
    assert AuditEvent.objects.get(act="operation.plan").reason == "Every Saturday at 06:00 UTC"

    for at in (SATURDAY - DAY, SATURDAY - timedelta(seconds=1)):
        schedule.look(at=at)
    assert not OperationRun.objects.filter(kind="doctor").exists()
    for hours in (0, 1, 30):
        schedule.look(at=SATURDAY + hours * HOUR)

    run = OperationRun.objects.get(kind="doctor")
    assert (run.command, run.source, run.period) == ("doctor", "schedule", SATURDAY.date())


@pytest.mark.parametrize(
    ("every", "at", "due"),
    [
        ("never", SATURDAY, None),
        ("day", SATURDAY - timedelta(seconds=1), datetime(2026, 11, 20, 6, 0, tzinfo=UTC)),
        ("day", SATURDAY, SATURDAY),
        ("week", SATURDAY + 6 * DAY, SATURDAY),
        ("month", datetime(2026, 12, 1, 5, 59, tzinfo=UTC), datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
        ("month", datetime(2026, 12, 1, 6, 0, tzinfo=UTC), datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
    ],
)
def test_when_it_was_due(every: str, at: datetime, due: datetime | None) -> None:
    assert replace(PLAN, every=every).due_at(at) == due


def test_one_of_the_others_at_a_time_and_ops_daily_waits_for_nobody() -> None:
    monday = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    kinds = ["ops_daily", "backup_verify", "backup", "prod_verify", "benchmark_queries"]

    for number in range(2, 6):
        for _ in range(2):
            schedule.look(at=monday)
        asked = list(OperationRun.objects.order_by("pk"))
        assert len(asked) == number
        ended(asked[-1], "done status=ok", 0, at=monday)

    runs = OperationRun.objects.order_by("pk")
    assert sorted(runs.values_list("kind", flat=True)) == sorted(kinds)
    assert runs[0].kind == "ops_daily"


def test_ops_daily_stays_daily_and_only_admins_plan(admin: User, responder: User) -> None:
    with pytest.raises(Refused, match="only its time"):
        actions.plan("ops_daily", Plan("ops_daily", "ops_daily --mode=ci", "week"), by=admin, at=NIGHT)
    with pytest.raises(Denied):
        actions.plan("doctor", PLAN, by=responder, at=NIGHT)
    with pytest.raises(Refused, match="no such operation"):
        actions.plan("doctor", replace(PLAN, command="doctor --x"), by=admin, at=NIGHT)


@pytest.mark.usefixtures("only_daily")
def test_a_day_whose_report_came_before_its_time_was_moved_is_no_alert(admin: User) -> None:
    schedule.look(at=NIGHT)
    ended(OperationRun.objects.get(), "ops_daily_watchdog status=healthy", 0)
    later = Plan("ops_daily", "ops_daily --mode=ci", "day", time(9, 0))
    actions.plan("ops_daily", later, by=admin, at=NIGHT + HOUR)

    schedule.look(at=NIGHT + 12 * HOUR)

    assert not Alert.objects.exists()
    assert OperationRun.objects.count() == 1


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository and a channel are set."""
    monkeypatch.setenv("GITHUB_ISSUES_REPO", "acme/ops")
    monkeypatch.setenv("GITHUB_TOKEN", "for-this-test")
    monkeypatch.setattr(settings, "SLACK_WEBHOOK_URL", "https://hooks.example/x")


def strict(token: str, code: int, hour: int) -> OperationRun:
    by = User.objects.filter(username="responder").first() or User.objects.add("responder", Role.RESPONDER)
    at = NIGHT + hour * HOUR
    return ended(actions.start("ops_daily --mode=ci --strict", reason="look", by=by, at=at), token, code, at=at)


def sent(channel: str) -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(channel=channel).order_by("pk").values_list("subject", "act"))


UNHEALTHY = "ops_daily_watchdog status=unhealthy reason=checks_unhealthy"
BLOCKED = "ops_daily_watchdog status=unhealthy reason=checks_blocked"
NO_TRAFFIC = "ops_daily_watchdog status=insufficient_data reason=delivered_total_0"
HEALTHY = "ops_daily_watchdog status=healthy"
TITLE = "ops_daily strict unhealthy"


@pytest.mark.usefixtures("told")
def test_a_strict_failure_is_one_issue_that_recovery_closes() -> None:
    strict(HEALTHY, 0, 0)
    assert not Delivery.objects.exists()

    strict(UNHEALTHY, 2, 1)
    strict(UNHEALTHY, 2, 2)
    strict(NO_TRAFFIC, 2, 3)
    strict(BLOCKED, 2, 4)
    strict(HEALTHY, 0, 5)
    strict(HEALTHY, 0, 6)

    assert sent("github") == [(TITLE, "tell"), (TITLE, "tell"), (TITLE, "tell"), (TITLE, "close")]
    assert sent("slack") == [(TITLE, "tell"), (TITLE, "tell"), ("ops_daily strict healthy again", "tell")]
    assert set(Delivery.objects.filter(channel="github").values_list("event", flat=True)) == {"ops_daily:strict"}
    first = Delivery.objects.filter(channel="github").order_by("pk")[0]
    assert first.body == UNHEALTHY


@pytest.mark.usefixtures("told")
def test_an_error_of_a_strict_one_is_told_too() -> None:
    strict("prod_config status=fail reason=missing_env", 1, 0)

    assert sent("github") == [(TITLE, "tell")]


@pytest.mark.usefixtures("told")
def test_one_that_is_not_strict_tells_nobody(responder: User) -> None:
    ended(actions.start("ops_daily --mode=ci", reason="look", by=responder, at=NIGHT), UNHEALTHY, 2)

    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("told")
def test_another_one_that_fails_by_itself_is_told_when_it_begins_and_when_it_is_over() -> None:
    for day, (token, code) in enumerate(
        [
            ("backup status=ok tables=1 rows=1", 0),
            ("backup status=fail reason=disk_full", 1),
            ("backup status=fail reason=disk_full", 1),
            ("backup status=ok tables=1 rows=1", 0),
        ]
    ):
        at = NIGHT + day * DAY
        run = actions.schedule("backup --keep 14", period=at.date(), at=at)
        assert run is not None
        ended(run, token, code, at=at)

    assert sent("slack") == [("backup ended with 1", "tell"), ("backup is well again", "tell")]
    assert sent("github") == []


def test_where_nothing_is_set_nothing_is_sent() -> None:
    strict(UNHEALTHY, 2, 0)

    assert not Delivery.objects.exists()
