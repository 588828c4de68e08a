"""What a result is worth, and what a batch does with it: parents, canaries, planned work, however ticks meet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue import listing, window, words
from checks.catalogue.filters import Filters
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.probes.outcome import ErrorClass, failed, passed, without_data
from checks.rollups.models import MinuteBucket
from checks.runs import actions, circumstances
from checks.runs.batch import Result
from checks.runs.circumstances import Around, Witness, Worth
from checks.runs.surroundings import Surroundings
from incidents.alerts.models import Alert
from incidents.statuspage.maintenance import Maintenance
from incidents.statuspage.models import Component
from opsportal.models import User
from tests.checks.runs.conftest import write

AddCheck = Callable[..., Check]
BAD, GOOD, EMPTY = failed(ErrorClass.TIMEOUT), passed(latency_ms=5.0), without_data()
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


@pytest.mark.parametrize(
    ("canaries", "is_outage"),
    [
        # Whether it passed, so many seconds ago, and its period. None: it has said nothing.
        ([], False),
        ([(None, None, 60)], False),
        ([(False, 10, 60)], True),
        ([(False, 10, 60), (None, None, 60)], True),
        ([(False, 10, 60), (True, 10, 60)], False),
        # A bad word stands three minutes, however seldom it is said, and no longer than any result.
        ([(False, 180, 3600)], True),
        ([(False, 181, 3600)], False),
        ([(False, 91, 20)], False),
        ([(False, 181, 3600), (False, 10, 60)], True),
        # A good word stands for three periods; after that it proves no way out.
        ([(False, 10, 60), (True, 10_800, 3600)], False),
        ([(False, 10, 60), (True, 181, 60)], True),
        ([(True, 181, 60)], False),
    ],
)
def test_the_list_says_that_our_network_is_down_exactly_while_failures_are_excused_by_it(
    quiet: None, add_check: AddCheck, canaries: list[tuple[bool | None, int | None, int]], is_outage: bool
) -> None:
    at = timezone.now()
    shop = add_check("shop")
    for number, (is_ok, ago, every) in enumerate(canaries):
        heard_at = None if ago is None else at - timedelta(seconds=ago)
        rules = {"every_seconds": every, "last_ok": is_ok, "last_run_at": heard_at}
        add_check(f"canary-{number}", is_canary=True, **rules)

    around = Surroundings.read([shop], at).around(shop, BAD)

    assert (circumstances.worth(around, ok=False, at=at) is Worth.UNKNOWN) == is_outage
    assert bool(listing.look(Filters(), at).outage) == is_outage


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


def test_an_old_word_of_the_canary_excuses_nobody_and_is_asked_for_before_a_check_goes_down(
    canary: Check, add_check: AddCheck, at: datetime
) -> None:
    shop, slot = add_check("shop", fail_after=2, state=State.HEALTHY), at + timedelta(minutes=20)
    Check.objects.filter(pk=canary.pk).update(every_seconds=3600, fail_after=3)
    write({canary: BAD}, at - timedelta(minutes=40))
    Check.objects.update(next_due=slot)

    write({shop: BAD}, at)
    canary.refresh_from_db()
    assert (shop.consecutive_fail, canary.next_due) == (1, slot)

    write({shop: BAD}, at + timedelta(seconds=30))
    canary.refresh_from_db()
    assert (shop.state, canary.next_due) == (State.HEALTHY, at + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("kind", "every", "is_canary", "ago", "is_asked"),
    [
        # A parent's `fail_after` spans its time.
        ("http", 60, False, 59, False),
        ("http", 3600, False, 3599, False),
        # A canary's word is renewed before it ends to stand, except by whoever runs every minute anyway.
        ("http", 60, True, 59, False),
        ("http", 3600, True, 119, False),
        ("http", 3600, True, 120, True),
        ("http", 3600, True, 180, True),
        # These only say again what a job told, or cost somebody much.
        ("heartbeat", 3600, True, 150, False),
        ("token_report", 3600, True, 150, False),
        ("limit_guard", 3600, True, 150, False),
        ("query_benchmark", 3600, True, 150, False),
    ],
)
def test_a_bad_word_is_asked_for_again_only_of_a_canary_before_it_ends_to_stand(
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


@pytest.mark.parametrize("is_canary", [False, True])
def test_a_witness_whose_runs_say_nothing_is_not_run_without_end(
    quiet: None, add_check: AddCheck, at: datetime, is_canary: bool
) -> None:
    slot, asked = at + timedelta(hours=1), list[int]()
    rules = {"state": State.HEALTHY, "ok_after": 1, "next_due": slot}
    witness = add_check("witness", kind="prometheus", every_seconds=3600, is_canary=is_canary, **rules)
    shop = add_check("shop", parent=None if is_canary else witness, fail_after=3, every_seconds=10, **rules)
    write({witness: BAD}, at if is_canary else at - timedelta(minutes=50))

    for second in range(0, 600, 10):
        write({shop: BAD}, at + timedelta(seconds=second + 1))
        witness.refresh_from_db()
        if witness.next_due < slot:
            asked.append(second)
            Check.objects.filter(pk=witness.pk).update(next_due=slot)
            write({witness: EMPTY}, at + timedelta(seconds=second + 2))

    assert shop.state == State.UNHEALTHY
    # Never a parent; a canary for the minute in which its word ends, and for that in which the check waits for it.
    assert asked == ([*range(120, 180, 10), *range(200, 260, 10)] if is_canary else [])


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
