"""ops_daily each day, the alert when it did not run, and the one issue of a strict one that is unhealthy."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from checks.catalogue.models import Check
from checks.operations import actions, schedule
from checks.operations.models import OperationRun
from incidents.alerts.models import Alert
from opsportal import env
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


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (NIGHT - timedelta(seconds=1), date(2026, 11, 20)),
        (NIGHT, date(2026, 11, 21)),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), date(2026, 11, 21)),
    ],
)
def test_the_day_changes_when_its_report_is_due(at: datetime, day: date) -> None:
    assert schedule.due_day(at) == day


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


def test_a_new_portal_owes_no_report_of_before_it_was_there() -> None:
    Check.objects.filter(is_own=True).update(created_at=NIGHT + HOUR)

    schedule.look(at=NIGHT + 2 * HOUR)
    assert not OperationRun.objects.exists()
    schedule.look(at=NIGHT + DAY)
    assert OperationRun.objects.count() == 1


def test_one_by_hand_does_not_take_the_days_place(responder: User) -> None:
    by_hand = actions.start("ops_daily --mode=ci", reason="look", by=responder, at=NIGHT)

    schedule.look(at=NIGHT)
    assert OperationRun.objects.get() == by_hand
    ended(by_hand, "ops_daily_watchdog status=healthy", 0)
    schedule.look(at=NIGHT + HOUR)
    assert OperationRun.objects.filter(period=date(2026, 11, 21)).count() == 1


def test_it_is_strict_where_production_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "missing_names", list)
    assert schedule.command() == "ops_daily --mode=prod"

    monkeypatch.setattr(env, "missing_names", lambda: ["BASE_URL"])
    assert schedule.command() == "ops_daily --mode=ci"


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


def test_where_nothing_is_set_nothing_is_sent() -> None:
    strict(UNHEALTHY, 2, 0)

    assert not Delivery.objects.exists()
