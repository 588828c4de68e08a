"""Checks that stand on another: blocked and silent with it, excused for a minute, then judged by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import ErrorClass, failed, passed
from checks.rollups.models import MinuteBucket
from checks.runs import actions, blocking
from checks.runs.batch import Result
from checks.runs.models import Flip
from incidents.alerts.models import Alert
from tests.checks.runs.conftest import write
from tests.incidents.response.test_races import at_once

AddCheck = Callable[..., Check]
BAD, GOOD = failed(ErrorClass.TIMEOUT), passed(latency_ms=5.0)


@pytest.fixture
def family(quiet: None, add_check: AddCheck) -> tuple[Check, Check]:
    """A router and what stands behind it; each goes down and comes back at once."""
    rules = {"fail_after": 1, "ok_after": 1, "state": State.HEALTHY}
    router = add_check("router", **rules)
    return router, add_check("shop", parent=router, **rules)


def test_a_child_is_blocked_and_silent_while_its_parent_is_down(family: tuple[Check, Check], at: datetime) -> None:
    router, shop = family

    write({shop: BAD, router: BAD}, at)
    write({shop: BAD, router: BAD}, at + timedelta(seconds=30))
    actions.deliver_flips(at=at + timedelta(seconds=31))

    assert (router.state, shop.state, shop.beneath) == (State.UNHEALTHY, State.BLOCKED, State.HEALTHY)
    assert list(Alert.objects.values_list("dedup_key", flat=True)) == ["check:router"]
    counts = MinuteBucket.objects.filter(check_id=shop.pk).values_list("ok", "err", "unknown")
    assert [sum(column) for column in zip(*counts, strict=True)] == [0, 0, 2]


def test_a_child_comes_back_as_it_was_without_a_false_alarm(family: tuple[Check, Check], at: datetime) -> None:
    router, shop = family
    write({shop: BAD, router: BAD}, at)

    write({router: GOOD}, at + timedelta(minutes=1))
    shop.refresh_from_db()
    assert (shop.state, shop.consecutive_fail) == (State.HEALTHY, 0)
    actions.deliver_flips(at=at + timedelta(minutes=1))

    write({shop: GOOD, router: GOOD}, at + timedelta(minutes=2))
    assert Alert.objects.filter(dedup_key="check:shop").count() == 0
    flips = Flip.objects.filter(check_ref=shop).order_by("pk").values_list("old", "new", "reason")
    assert list(flips) == [("healthy", "blocked", "parent"), ("blocked", "healthy", "parent")]
    assert not Flip.objects.undelivered().exists()


def test_a_child_that_fails_first_asks_its_parent_before_it_cries(family: tuple[Check, Check], at: datetime) -> None:
    router, shop = family
    Check.objects.update(next_due=at + timedelta(hours=6))

    write({shop: BAD}, at)

    router.refresh_from_db()
    assert (shop.state, shop.waits_since) == (State.HEALTHY, at)
    assert (router.next_due, shop.next_due) == (at, at + timedelta(seconds=5))

    write({router: GOOD}, at + timedelta(seconds=1))
    write({shop: BAD}, at + timedelta(seconds=5))
    assert (shop.state, shop.waits_since) == (State.UNHEALTHY, None)


def test_a_parent_that_says_nothing_is_not_waited_for_longer_than_a_minute(
    family: tuple[Check, Check], at: datetime
) -> None:
    _, shop = family

    for seconds in (0, 30, 59):
        write({shop: BAD}, at + timedelta(seconds=seconds))
        assert shop.state == State.HEALTHY
    write({shop: BAD}, at + timedelta(seconds=60))

    assert shop.state == State.UNHEALTHY


def test_one_old_failure_of_a_parent_silences_nobody_and_leaves_it_its_slots(
    quiet: None, add_check: AddCheck, at: datetime
) -> None:
    slot = at + timedelta(minutes=20)
    rules = {"state": State.HEALTHY, "ok_after": 1, "next_due": slot}
    router = add_check("router", every_seconds=3600, fail_after=2, **rules)
    shop = add_check("shop", parent=router, fail_after=2, **rules)
    write({router: BAD}, at - timedelta(minutes=40))

    for seconds in (0, 30, 60, 90):
        assert shop.state == State.HEALTHY
        write({shop: BAD}, at + timedelta(seconds=seconds))
    actions.deliver_flips(at=at + timedelta(minutes=2))

    # Its second failure in a row asks for the parent's word, which waits for its slot; a minute later it goes down.
    router.refresh_from_db()
    assert (shop.state, router.state, router.next_due) == (State.UNHEALTHY, State.HEALTHY, slot)
    assert Alert.objects.count() == 1


def test_a_parents_threshold_spans_its_time_however_often_its_children_fail(
    family: tuple[Check, Check], at: datetime
) -> None:
    router, shop = family
    Check.objects.filter(pk=router.pk).update(every_seconds=60, fail_after=3)

    for second in range(0, 120, 5):
        slot = at + timedelta(seconds=second // 60 * 60 + 60)
        router.refresh_from_db()
        if second % 60 == 0 or router.next_due <= at + timedelta(seconds=second):
            Check.objects.filter(pk=router.pk).update(next_due=slot)
            write({router: BAD}, at + timedelta(seconds=second))
        write({shop: BAD}, at + timedelta(seconds=second))

    router.refresh_from_db()
    assert (router.consecutive_fail, router.state) == (2, State.HEALTHY)
    write({router: BAD}, at + timedelta(seconds=120))
    shop.refresh_from_db()
    assert (router.state, shop.state) == (State.UNHEALTHY, State.BLOCKED)


def test_who_is_excused_by_a_parent_is_judged_as_soon_as_that_is_decided(
    family: tuple[Check, Check], at: datetime
) -> None:
    router, shop = family
    Check.objects.filter(pk=router.pk).update(fail_after=3)
    Check.objects.update(next_due=at + timedelta(hours=1))
    write({router: BAD}, at)

    write({shop: BAD}, at + timedelta(seconds=20))

    router.refresh_from_db()
    assert (shop.state, shop.last_run_at) == (State.HEALTHY, None)
    assert (router.next_due, shop.next_due) == (at + timedelta(hours=1), at + timedelta(seconds=65))


def test_a_grandchild_is_blocked_too(family: tuple[Check, Check], add_check: AddCheck, at: datetime) -> None:
    router, shop = family
    basket = add_check("basket", parent=shop, state=State.HEALTHY)
    write({router: BAD}, at)

    blocking.settle()

    basket.refresh_from_db()
    assert basket.state == State.BLOCKED
    assert blocking.settle() == 0


@pytest.mark.django_db(transaction=True)
def test_ticks_that_settle_and_write_at_the_same_time_end_in_one_alert(add_check: AddCheck, at: datetime) -> None:
    Check.objects.update(state=State.PAUSED)
    rules = {"fail_after": 1, "ok_after": 1, "state": State.HEALTHY, "last_run_at": at, "last_ok": True}
    router = add_check("router", **rules)
    shops = [add_check(f"shop-{number}", parent=router, **rules) for number in range(4)]
    tokens = {check: uuid4() for check in (router, *shops)}
    for check, token in tokens.items():
        Check.objects.filter(pk=check.pk).update(lease_token=token)

    later = at + timedelta(seconds=30)
    writes = [
        lambda check=check, token=token: actions.write(token, [Result(check.pk, BAD)], at=later)
        for check, token in tokens.items()
    ]
    results = at_once(*writes, blocking.settle, blocking.settle)
    blocking.settle()

    assert not [one for one in results if isinstance(one, Exception)]
    assert set(Check.objects.filter(parent=router).values_list("state", flat=True)) == {State.BLOCKED}
    assert list(Flip.objects.undelivered().values_list("check_ref__key", flat=True)) == ["router"]
