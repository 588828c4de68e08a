"""Writing results once, and news of flips once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from checks.catalogue import actions as catalogue
from checks.catalogue import words
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import ErrorClass, Outcome, failed, passed, without_data
from checks.rollups import histogram
from checks.rollups.models import MinuteBucket
from checks.runs import actions
from checks.runs.batch import Result
from checks.runs.models import Flip
from checks.scheduler.claim import reap
from incidents.alerts import actions as alerts
from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from opsportal.errors import Refused
from opsportal.models import User

AddCheck = Callable[..., Check]


def give(check: Check, *outcomes: Outcome | None, at: datetime) -> None:
    """Write one outcome after the other, each under a lease of its own."""
    for place, outcome in enumerate(outcomes):
        token = uuid4()
        Check.objects.filter(pk=check.pk).update(lease_token=token)
        actions.write(token, [Result(check.pk, outcome)], at=at + timedelta(seconds=place))
    check.refresh_from_db()


def test_results_become_counts_and_nothing_else(add_check: AddCheck, at: datetime) -> None:
    check = add_check(fail_after=9)

    give(
        check,
        passed(latency_ms=10.0),
        passed(latency_ms=30.0),
        failed(ErrorClass.STATUS_429, latency_ms=5.0),
        failed(ErrorClass.STATUS_5XX, latency_ms=6.0),
        failed(ErrorClass.TIMEOUT),
        failed(ErrorClass.TIMEOUT),
        None,
        at=at,
    )

    row = MinuteBucket.objects.get(check_id=check.pk)
    assert (row.ok, row.err, row.unknown, row.expected, row.c429, row.c5xx) == (2, 4, 1, 7, 1, 1)
    assert row.errors == {"timeout": 2, "status_429": 1, "status_5xx": 1}
    assert (row.lat_sum, row.lat_min, row.lat_max) == (51.0, 5.0, 30.0)
    assert histogram.counts(bytes(row.hist)).total() == 4
    assert row.bucket == at.replace(second=0)


def test_a_job_that_says_it_has_too_little_data_is_not_green_any_more(add_check: AddCheck, at: datetime) -> None:
    check = add_check("report", kind="token_report", fail_after=1, ok_after=1)
    give(check, passed(), at=at)

    give(check, without_data(), without_data(), at=at + timedelta(minutes=1))

    assert (check.state, check.last_run_at) == (State.INSUFFICIENT_DATA, at)
    row = MinuteBucket.objects.get(check_id=check.pk, bucket=(at + timedelta(minutes=1)).replace(second=0))
    assert (row.ok, row.err, row.unknown, row.errors) == (0, 0, 2, {})
    flip = Flip.objects.filter(check_ref=check).latest("at")
    assert (flip.new, flip.reason, words.flip(flip.new, flip.reason, 0)) == (
        State.INSUFFICIENT_DATA, "no_data", "It says of itself that it has too little data",
    )  # fmt: skip
    give(check, passed(), at=at + timedelta(minutes=2))
    assert check.state == State.HEALTHY


def test_too_little_data_is_no_end_of_trouble(add_check: AddCheck, at: datetime) -> None:
    check = add_check("report", kind="token_report", fail_after=1, ok_after=2)
    give(check, passed(), failed(ErrorClass.REPORTED), passed(), at=at)

    give(check, without_data(), passed(), at=at + timedelta(minutes=1))

    assert (check.state, check.consecutive_ok) == (State.UNHEALTHY, 1)


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_pause_in_mid_run_loses_no_slot(add_check: AddCheck, admin: User, is_dead: bool) -> None:
    at, check, token = timezone.now(), add_check(fail_after=1, state=State.HEALTHY), uuid4()
    ends_at = at - timedelta(seconds=1) if is_dead else at + timedelta(seconds=50)
    Check.objects.filter(pk=check.pk).update(lease_token=token, lease_until=ends_at)

    catalogue.pause(check, by=admin, at=at)
    if is_dead:
        reap()
    actions.write(token, [Result(check.pk, failed(ErrorClass.TIMEOUT))], at=at)

    row = MinuteBucket.objects.get(check_id=check.pk)
    assert (row.err, row.unknown, row.expected) == (0, 1, 1) if is_dead else (1, 0, 1)
    check.refresh_from_db()
    assert (check.state, check.lease_token, check.consecutive_fail) == (State.PAUSED, None, 0)
    assert not Flip.objects.undelivered().exists()


def test_a_redelivered_batch_adds_nothing(add_check: AddCheck, at: datetime) -> None:
    check, token = add_check(), uuid4()
    Check.objects.filter(pk=check.pk).update(lease_token=token)
    results = [Result(check.pk, passed(latency_ms=10.0))]

    assert actions.write(token, results, at=at) == 1
    assert actions.write(token, results, at=at) == 0

    assert MinuteBucket.objects.get(check_id=check.pk).ok == 1


def test_a_lease_that_was_taken_back_writes_nothing(add_check: AddCheck, at: datetime) -> None:
    check = add_check(lease_token=uuid4())

    assert actions.write(uuid4(), [Result(check.pk, passed())], at=at) == 0

    assert not MinuteBucket.objects.filter(check_id=check.pk).exists()


def test_the_state_flips_after_its_threshold_and_back_after_the_other(add_check: AddCheck, at: datetime) -> None:
    check = add_check(fail_after=2, ok_after=2)
    bad = failed(ErrorClass.CONNECT)

    give(check, passed(), bad, bad, bad, passed(), passed(), at=at)

    flips = list(Flip.objects.filter(check_ref=check).order_by("at").values_list("old", "new", "reason", "failures"))
    assert flips == [
        ("insufficient_data", "healthy", "", 0),
        ("healthy", "unhealthy", "connect", 2),
        ("unhealthy", "healthy", "", 0),
    ]
    assert check.state == State.HEALTHY
    assert check.lease_token is None


def test_an_unknown_result_moves_nothing(add_check: AddCheck, at: datetime) -> None:
    check = add_check(fail_after=1, state=State.HEALTHY, consecutive_ok=5)

    give(check, None, at=at)

    assert (check.state, check.consecutive_ok, check.last_run_at) == (State.HEALTHY, 5, None)


def test_a_flip_down_fires_one_alert_and_the_flip_up_ends_it(add_check: AddCheck, at: datetime) -> None:
    check = add_check(
        "checkout", name="Checkout page", fail_after=1, ok_after=1, spec={"url": "https://x.example/?k=v"}
    )
    give(check, passed(), failed(ErrorClass.TIMEOUT), at=at)

    actions.deliver_flips(at=at + timedelta(seconds=2))
    actions.deliver_flips(at=at + timedelta(seconds=3))

    alert = Alert.objects.get(dedup_key="check:checkout")
    assert alert.title == "Checkout page fails: timeout"
    assert "x.example" not in alert.title + alert.detail
    assert (alert.source, alert.severity, alert.seen, alert.resolved_at) == ("check", "SEV-2", 1, None)
    assert alert.room.domain == check.domain

    give(check, passed(), at=at + timedelta(seconds=10))
    actions.deliver_flips(at=at + timedelta(seconds=11))

    alert.refresh_from_db()
    assert alert.resolved_at == at + timedelta(seconds=10)
    assert not Flip.objects.undelivered().exists()


def test_a_flip_is_delivered_once(add_check: AddCheck, at: datetime) -> None:
    check = add_check(fail_after=1)
    give(check, failed(ErrorClass.DNS), at=at)
    flip = Flip.objects.get(check_ref=check)

    actions.deliver_flip(flip.pk, at=at)
    Alert.objects.update(seen=7)
    actions.deliver_flip(flip.pk, at=at)

    assert Alert.objects.get().seen == 7


def test_an_end_whose_bell_is_heard_first_still_ends_the_alert(add_check: AddCheck, at: datetime) -> None:
    check = add_check(fail_after=1, ok_after=1, state=State.HEALTHY)
    give(check, failed(ErrorClass.DNS), passed(), at=at)
    began, ended = Flip.objects.filter(check_ref=check).order_by("at")

    actions.deliver_flip(ended.pk, at=at + timedelta(seconds=2))
    actions.deliver_flip(began.pk, at=at + timedelta(seconds=3))

    alert = Alert.objects.get()
    assert (alert.fired_at, alert.resolved_at) == (began.at, ended.at)
    assert not Flip.objects.undelivered().exists()


def test_news_that_is_refused_holds_up_no_other_check_and_is_raised(
    add_check: AddCheck, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add_check("first", fail_after=1), add_check("second", fail_after=1)
    give(first, failed(ErrorClass.DNS), at=at)
    give(second, failed(ErrorClass.DNS), at=at + timedelta(seconds=1))
    receive = alerts.receive

    def refuse_the_first(signal: Signal, *, at: datetime) -> Alert | None:
        if signal.dedup_key == first.dedup_key:
            raise Refused("NO", "Not this one.")
        return receive(signal, at=at)

    monkeypatch.setattr(alerts, "receive", refuse_the_first)

    with pytest.raises(Refused, match="Not this one"):
        actions.deliver_flips(at=at + timedelta(seconds=2))

    assert Alert.objects.get().dedup_key == second.dedup_key
    assert Flip.objects.undelivered().get().check_ref == first


def test_silence_is_admitted_and_does_not_end_an_alert(add_check: AddCheck, at: datetime) -> None:
    silent = add_check("silent", state=State.HEALTHY, last_run_at=at - timedelta(minutes=4), every_seconds=60)
    fresh = add_check("fresh", state=State.HEALTHY, last_run_at=at - timedelta(minutes=2), every_seconds=60)
    broken = add_check("broken", state=State.UNHEALTHY, last_run_at=at - timedelta(days=1))

    assert actions.admit_silence(at=at) == 1
    actions.deliver_flips(at=at)

    for check in (silent, fresh, broken):
        check.refresh_from_db()
    assert (silent.state, fresh.state, broken.state) == (State.INSUFFICIENT_DATA, State.HEALTHY, State.UNHEALTHY)
    assert not Alert.objects.exists()


@pytest.mark.parametrize("old", [State.HEALTHY, State.UNHEALTHY])
def test_no_data_is_no_news(add_check: AddCheck, at: datetime, old: State) -> None:
    flip = Flip.objects.create(check_ref=add_check(), at=at, old=old, new=State.INSUFFICIENT_DATA)

    actions.deliver_flip(flip.pk, at=at)

    assert not Alert.objects.exists()
