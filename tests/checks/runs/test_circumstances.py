"""What a result is worth, and what a batch does with it: parents, canaries, planned work, however ticks meet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checks.catalogue import window, words
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import ErrorClass, Outcome, failed, passed
from checks.rollups.models import MinuteBucket
from checks.runs import actions, blocking, circumstances
from checks.runs.batch import Result
from checks.runs.circumstances import Around, Witness, Worth
from checks.runs.models import Flip
from incidents.alerts.models import Alert
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.models import Component
from opsportal.models import User
from tests.incidents.response.test_races import at_once

AddCheck = Callable[..., Check]
BAD, GOOD = failed(ErrorClass.TIMEOUT), passed(latency_ms=5.0)
NOW = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)


def said(passed: bool, *, ago: int = 0, failing_for: int | None = None, is_down: bool = False) -> Witness:
    """What a witness said so many seconds ago."""
    since = None if failing_for is None else NOW - timedelta(seconds=failing_for)
    return Witness(1, is_down, passed, NOW - timedelta(seconds=ago), since)


UP, DOWN, UNSURE = said(True), said(False, is_down=True), said(False)


@pytest.mark.parametrize(
    ("around", "ok", "worth"),
    [
        (Around(), False, Worth.FULL),
        (Around(is_planned=True, parent=DOWN), False, Worth.PLANNED),
        (Around(is_planned=True), True, Worth.PLANNED),
        (Around(parent=UP), False, Worth.FULL),
        (Around(parent=DOWN), True, Worth.BLOCKED),
        (Around(is_blocked=True), True, Worth.BLOCKED),
        (Around(parent=UNSURE), False, Worth.UNKNOWN),
        (Around(parent=UNSURE), True, Worth.FULL),
        (Around(canaries=(UNSURE,)), False, Worth.UNKNOWN),
        (Around(canaries=(UNSURE,)), True, Worth.FULL),
        (Around(canaries=(UNSURE, UP)), False, Worth.FULL),
        (Around(canaries=(Witness(1),)), False, Worth.FULL),
        # A parent that fails and is not down excuses nobody for longer than a minute, nor does an old word of it.
        (Around(parent=said(False, ago=5, failing_for=60)), False, Worth.UNKNOWN),
        (Around(parent=said(False, ago=5, failing_for=61)), False, Worth.FULL),
        (Around(parent=said(False, ago=2400, failing_for=2400)), False, Worth.FULL),
        (Around(parent=said(False, ago=61)), False, Worth.FULL),
        # A canary may fail for long, but has to have said so of late.
        (Around(canaries=(said(False, ago=179, failing_for=7200, is_down=True),)), False, Worth.UNKNOWN),
        (Around(canaries=(said(False, ago=181, failing_for=181),)), False, Worth.FULL),
        # An old bad word has no vote: it neither excuses nor proves the way out.
        (Around(canaries=(said(False, ago=181), said(False, ago=10))), False, Worth.UNKNOWN),
        (Around(canaries=(said(False, ago=181), said(True, ago=10))), False, Worth.FULL),
    ],
)
def test_what_a_result_is_worth(around: Around, ok: bool, worth: Worth) -> None:
    assert circumstances.worth(around, ok=ok, at=NOW) is worth


@pytest.mark.parametrize("error", list(ErrorClass))
def test_only_silence_can_be_our_own_networks_fault(error: ErrorClass) -> None:
    assert circumstances.is_silence(failed(error)) == (error.value in {"dns", "connect", "tls", "timeout"})


@pytest.fixture
def quiet(db: None) -> None:
    """The portal's own checks stay out of the way."""
    Check.objects.update(state=State.PAUSED)


def write(results: dict[Check, Outcome | None], at: datetime) -> None:
    """One batch with these results."""
    token = uuid4()
    Check.objects.filter(pk__in=[check.pk for check in results]).update(lease_token=token)
    actions.write(token, [Result(check.pk, outcome) for check, outcome in results.items()], at=at)
    blocking.settle()
    for check in results:
        check.refresh_from_db()


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


@pytest.mark.parametrize("fail_after", [2, 20])
def test_one_old_failure_of_a_parent_silences_nobody(
    quiet: None, add_check: AddCheck, at: datetime, fail_after: int
) -> None:
    rules = {"state": State.HEALTHY, "ok_after": 1, "next_due": at + timedelta(minutes=20)}
    router = add_check("router", every_seconds=3600, fail_after=fail_after, **rules)
    shop = add_check("shop", parent=router, fail_after=2, **rules)
    write({router: BAD}, at - timedelta(minutes=40))

    moment = at
    while shop.state == State.HEALTHY and moment < at + timedelta(minutes=5):
        write({shop: BAD}, moment)
        router.refresh_from_db()
        if router.next_due <= moment + timedelta(seconds=5):
            write({router: BAD}, moment + timedelta(seconds=1))
            Check.objects.filter(pk=router.pk).update(next_due=at + timedelta(minutes=20))
        shop.refresh_from_db()
        moment += timedelta(seconds=30)
    actions.deliver_flips(at=moment)

    # Asked again once it is down by its own threshold, or the child speaks for itself: one alert in any case.
    assert (router.state, shop.state) == (
        (State.UNHEALTHY, State.BLOCKED) if fail_after == 2 else (State.HEALTHY, State.UNHEALTHY)
    )
    assert (router.consecutive_fail, Alert.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("kind", "every", "is_canary", "ago", "is_asked"),
    [
        # Whoever runs every minute is heard by itself, and others once a period: `fail_after` spans its time.
        ("http", 60, False, 59, False),
        ("http", 3600, False, 1799, False),
        ("http", 3600, False, 1800, True),
        # A canary's word is renewed before it ends to stand.
        ("http", 60, True, 59, False),
        ("http", 3600, True, 119, False),
        ("http", 3600, True, 120, True),
        # These only say again what a job told, or cost somebody much.
        ("heartbeat", 3600, False, 1800, False),
        ("token_report", 3600, False, 1800, False),
        ("limit_guard", 3600, False, 1800, False),
        ("query_benchmark", 3600, False, 1800, False),
    ],
)
def test_a_bad_word_is_asked_for_again_once_a_period_at_most(
    quiet: None, add_check: AddCheck, at: datetime, kind: str, every: int, is_canary: bool, ago: int, is_asked: bool
) -> None:
    rules = {"state": State.HEALTHY, "next_due": at + timedelta(hours=1)}
    witness = add_check("witness", kind=kind, every_seconds=every, fail_after=3, is_canary=is_canary, **rules)
    shops = [
        add_check(f"shop-{fail_after}", parent=None if is_canary else witness, fail_after=fail_after, **rules)
        for fail_after in (1, 3)
    ]
    write({witness: BAD}, at - timedelta(seconds=ago))

    write(dict.fromkeys(shops, BAD), at)

    witness.refresh_from_db()
    assert witness.next_due == (at if is_asked else at + timedelta(hours=1))


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


@pytest.fixture
def canary(quiet: None, add_check: AddCheck, at: datetime) -> Check:
    return add_check("canary", is_canary=True, fail_after=1, ok_after=1, state=State.HEALTHY)


def test_our_own_outage_is_unknown_and_never_red(canary: Check, add_check: AddCheck, at: datetime) -> None:
    checks = [add_check(f"shop-{number}", fail_after=1, state=State.HEALTHY) for number in range(3)]

    for minute in range(3):
        write({**dict.fromkeys(checks, BAD), canary: BAD}, at + timedelta(minutes=minute))
    actions.deliver_flips(at=at + timedelta(minutes=3))

    assert {check.state for check in checks} == {State.HEALTHY}
    assert [check.last_run_at for check in checks] == [None] * 3  # so that they turn to no data
    assert list(Alert.objects.values_list("dedup_key", flat=True)) == ["check:canary"]
    assert sum(MinuteBucket.objects.filter(check_id=checks[0].pk).values_list("unknown", flat=True)) == 3


def test_what_needs_no_network_fails_as_always(canary: Check, add_check: AddCheck, at: datetime) -> None:
    disk = add_check("disk", kind="portal", fail_after=1, state=State.HEALTHY)

    write({disk: BAD, canary: BAD}, at)

    assert disk.state == State.UNHEALTHY


def test_an_answer_proves_the_way_there_whatever_the_canary_says(
    canary: Check, add_check: AddCheck, at: datetime
) -> None:
    shop = add_check("shop", fail_after=1, state=State.HEALTHY)

    write({shop: failed(ErrorClass.STATUS_5XX, latency_ms=9.0), canary: BAD}, at)

    assert shop.state == State.UNHEALTHY


@pytest.mark.parametrize(
    ("dsn", "state"),
    [
        ("postgresql://watcher@127.0.0.1:5432/shop", State.UNHEALTHY),
        ("postgresql:///shop?host=/run/postgresql", State.UNHEALTHY),
        ("host=localhost dbname=shop", State.UNHEALTHY),
        ("postgresql://watcher@db.example/shop", State.HEALTHY),
        ("postgresql://watcher@127.0.0.1,db.example/shop", State.HEALTHY),
        ("", State.HEALTHY),
    ],
)
def test_a_database_of_this_machine_needs_no_way_out(
    canary: Check, add_check: AddCheck, at: datetime, monkeypatch: pytest.MonkeyPatch, dsn: str, state: State
) -> None:
    monkeypatch.setenv("CHECK_SHOP_DSN", dsn)
    shop = add_check("shop", kind="database", spec={"dsn_env": "CHECK_SHOP_DSN"}, fail_after=1, state=State.HEALTHY)

    write({shop: BAD, canary: BAD}, at)

    assert shop.state == state


def test_an_old_word_of_the_canary_excuses_nobody_and_is_asked_for_anew(
    canary: Check, add_check: AddCheck, at: datetime
) -> None:
    shop = add_check("shop", fail_after=3, state=State.HEALTHY)
    Check.objects.filter(pk=canary.pk).update(every_seconds=3600, fail_after=3)
    write({canary: BAD}, at - timedelta(minutes=40))
    Check.objects.update(next_due=at + timedelta(minutes=20))

    write({shop: BAD}, at)

    canary.refresh_from_db()
    assert (shop.consecutive_fail, canary.next_due) == (1, at)


def test_a_check_waits_for_the_canary_before_it_goes_down(canary: Check, add_check: AddCheck, at: datetime) -> None:
    shop = add_check("shop", fail_after=1, state=State.HEALTHY)
    write({canary: GOOD}, at - timedelta(seconds=20))

    write({shop: BAD}, at)
    assert shop.state == State.HEALTHY

    write({canary: GOOD}, at + timedelta(seconds=1))
    write({shop: BAD}, at + timedelta(seconds=5))
    assert shop.state == State.UNHEALTHY


def test_failures_before_our_outage_do_not_add_to_those_after_it(
    canary: Check, add_check: AddCheck, at: datetime
) -> None:
    shop = add_check("shop", fail_after=2, state=State.HEALTHY)
    write({shop: BAD, canary: GOOD}, at)
    write({shop: BAD, canary: BAD}, at + timedelta(minutes=1))

    write({shop: BAD, canary: GOOD}, at + timedelta(minutes=2))

    assert (shop.state, shop.consecutive_fail) == (State.HEALTHY, 1)


def plan(check: Check, start: datetime, end: datetime, *components: Component, by: User) -> Maintenance:
    """Work of the check's domain that nobody outside hears of."""
    work = Maintenance.objects.create(
        title="Disk swap", text="Disks are swapped.", audience="internal", domain=check.domain,
        starts_at=start, ends_at=end, created_by=by, updated_at=start,
    )  # fmt: skip
    work.components.set(components)
    return work


def test_results_inside_planned_work_count_as_planned_and_flip_nothing(
    quiet: None, add_check: AddCheck, responder: User, at: datetime
) -> None:
    shop = add_check("shop", fail_after=2, state=State.HEALTHY)
    plan(shop, at, at + timedelta(minutes=5), by=responder)

    write({shop: BAD}, at - timedelta(seconds=1))
    write({shop: BAD}, at)
    write({shop: None}, at + timedelta(minutes=1))
    write({shop: BAD}, at + timedelta(minutes=4))
    write({shop: BAD}, at + timedelta(minutes=5))

    assert (shop.state, shop.consecutive_fail) == (State.HEALTHY, 1)
    counts = MinuteBucket.objects.filter(check_id=shop.pk).values_list("err", "unknown", "maint", "expected")
    assert [sum(column) for column in zip(*counts, strict=True)] == [2, 0, 3, 5]


@pytest.mark.parametrize(
    ("own", "named", "is_planned"),
    [
        (None, [], True),
        (None, ["API"], True),
        ("API", [], True),
        ("API", ["API"], True),
        ("API", ["Dashboard"], False),
    ],
)
def test_work_is_about_its_components_or_its_domain(
    quiet: None, add_check: AddCheck, responder: User, at: datetime, own: str | None, named: list[str],
    is_planned: bool,
) -> None:  # fmt: skip
    part = {name: Component.objects.get(name=name) for name in ("API", "Dashboard")}
    shop = add_check("shop", fail_after=1, state=State.HEALTHY, component=part[own] if own else None)
    plan(shop, at, at + timedelta(minutes=5), *[part[name] for name in named], by=responder)

    write({shop: BAD}, at)

    assert shop.state == (State.HEALTHY if is_planned else State.UNHEALTHY)


def test_a_rate_reads_its_window_from_the_minutes(quiet: None, add_check: AddCheck, at: datetime) -> None:
    shop = add_check("shop", rule="rate", fail_after=3, fail_share=50, share_minutes=10, state=State.HEALTHY)

    for minute, outcome in enumerate([GOOD, BAD, GOOD, BAD, GOOD, BAD]):
        write({shop: outcome}, at + timedelta(minutes=minute))

    assert shop.state == State.UNHEALTHY


@pytest.mark.parametrize(("every", "fail_after"), [(300, 3), (3600, 3), (86400, 3), (86400, 20)])
def test_a_stored_rate_whose_minutes_are_too_few_looks_further_back(
    quiet: None, add_check: AddCheck, at: datetime, every: int, fail_after: int
) -> None:
    shop = add_check("shop", rule="rate", every_seconds=every, fail_after=fail_after, state=State.HEALTHY)
    now, needed = at.replace(hour=0, minute=0), window.failures_of(shop)
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [now - timedelta(days=13), now])

    for run in reversed(range(needed)):
        assert shop.state == State.HEALTHY
        write({shop: BAD}, now - run * timedelta(seconds=every))

    assert shop.state == State.UNHEALTHY
    assert f"{window.minutes_of(shop)} min" in words.goes_down(shop)


def test_flapping_is_one_notice_and_ends_after_calm(quiet: None, add_check: AddCheck, at: datetime) -> None:
    shop = add_check("shop", fail_after=1, ok_after=1, flap_turns=4, flap_minutes=10, state=State.HEALTHY)

    for minute in range(12):
        write({shop: BAD if minute % 2 == 0 else GOOD}, at + timedelta(minutes=minute))
        actions.deliver_flips(at=at + timedelta(minutes=minute))

    assert (shop.state, shop.beneath) == (State.FLAPPING, State.HEALTHY)
    assert list(Alert.objects.order_by("pk").values_list("reason", flat=True)) == ["timeout", "flapping"]
    for minute in range(12, 22):
        write({shop: GOOD}, at + timedelta(minutes=minute))
    assert shop.state == State.HEALTHY


@pytest.mark.parametrize("number", [5, 500])
def test_a_batch_takes_as_many_statements_for_500_checks_as_for_five(
    canary: Check, add_check: AddCheck, at: datetime, number: int
) -> None:
    router, shop = add_check("router", state=State.HEALTHY), Check.objects.get(key="canary")
    checks = Check.objects.bulk_create(
        Check(
            key=f"shop-{place}", name="Shop", kind="http", spec={}, domain=shop.domain, parent=router, fail_after=1,
            state=State.HEALTHY, rule="rate" if place % 2 else "consecutive",
        )
        for place in range(number)
    )  # fmt: skip
    token = uuid4()
    Check.objects.exclude(pk=router.pk).update(lease_token=token)
    results = [Result(check.pk, BAD if place % 3 else GOOD) for place, check in enumerate(checks)]

    with CaptureQueriesContext(connection) as seen:
        assert actions.write(token, results, at=at) == number

    # Transaction and batch row 6, lock, parents, canaries, planned work, shares, buckets, hours, save, bring forward.
    assert len(seen) == STATEMENTS, [query["sql"][:80] for query in seen]


STATEMENTS = 15
