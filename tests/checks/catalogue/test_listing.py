"""The list of checks: its order, its pages by key, its filters, and what it costs in queries."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.template import Context
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue import actions, listing
from checks.catalogue.filters import STORED_RANK, TABLES, Filters, Key
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import buckets, last_day
from checks.rollups.buckets import Counts
from checks.scheduler.claim import claim
from checks.templatetags.checks import check_rows
from incidents.alerts import mutes
from incidents.ownership.models import Domain
from opsportal.models import AuditEvent, JobClaim, User
from opsportal.ticker.queries import CHECKS

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def no_own(db: None) -> None:
    """Without the portal's own checks, so that a test sees what it made."""
    Check.objects.all().delete()


def names(**filters: object) -> list[str]:
    return [row.still.key for row in listing.look(Filters(**filters), timezone.now()).rows]  # type: ignore[arg-type]


def queries_of(client: Client, path: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, headers={**PART, **headers}).status_code in (200, 304)
    return len(captured)


def test_the_list_costs_six_queries_and_a_poll_without_news_five(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    client = client_as(viewer)
    few = queries_of(client, "/checks/")
    Check.objects.bulk_create(
        Check(key=f"check-{number}", name=f"Check {number}", kind="http", domain=Domain.objects.get(slug="frontend"))
        for number in range(150)
    )
    tag = client.get("/checks/", headers=PART).headers["HX-PTag"]

    # Session, person; numbers by state, the page, what is true around it; the days.
    assert (few, queries_of(client, "/checks/")) == (6, 6)
    assert queries_of(client, "/checks/?q=check&kind=http&domain=frontend") == 6
    assert queries_of(client, "/checks/", **{"HX-PTag": tag}) == 5


def test_the_order_is_read_from_its_index(add_check: AddCheck, no_own: None) -> None:
    """While nobody is silent; the expression of the index and that of the list are the same to the letter."""
    domain, now = Domain.objects.get(slug="frontend"), timezone.now()
    Check.objects.bulk_create(
        Check(key=f"c-{number}", name=f"C {number}", kind="http", domain=domain, state="healthy", last_run_at=now)
        for number in range(500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE checks_check")

    for after in (None, Key("healthy", "SEV-2", Check.objects.get(key="c-250").pk)):
        with CaptureQueriesContext(connection) as captured:
            listing.look(Filters(after=after), now)
        order = f"ORDER BY {listing._ORDER.format(rank=STORED_RANK)}"
        assert any(order in one["sql"] for one in captured)
        conditions, values = Filters(after=after).conditions(STORED_RANK, now)
        page = f"SELECT c.id, d.name FROM {TABLES} WHERE {conditions} {order} LIMIT 101"
        with connection.cursor() as cursor:
            for other in ("seqscan", "bitmapscan", "sort"):  # whether it can, whatever other tests left in the table
                cursor.execute(f"SET LOCAL enable_{other} = off")
            cursor.execute(f"EXPLAIN {page}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "check_worst_first" in plan
        assert "Sort" not in plan


def test_pages_begin_below_a_check_and_hold_everything_once(add_check: AddCheck, no_own: None) -> None:
    domain, now = Domain.objects.get(slug="frontend"), timezone.now()
    states = [State.UNHEALTHY, State.HEALTHY, State.PAUSED]
    Check.objects.bulk_create(
        Check(
            key=f"c-{number}", name=f"C {number % 7}", kind="http", domain=domain, state=states[number % 3],
            last_run_at=now, severity=f"SEV-{1 + number % 2}",
        )
        for number in range(250)
    )  # fmt: skip

    pages, after = [], None
    for _ in range(3):
        seen = listing.look(Filters(after=after), now)
        pages.append([row.still.key for row in seen.rows])
        after = Key.of(str(seen.after)) if seen.after else None

    together = [key for page in pages for key in page]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert len(set(together)) == 250 and after is None
    assert together == [Check.objects.get(pk=pk).key for pk in listing.matching(Filters(), now)]


def test_who_is_silent_stands_among_those_without_data(add_check: AddCheck, no_own: None) -> None:
    now = timezone.now()
    add_check("fine", state=State.HEALTHY, last_run_at=now)
    add_check("off", state=State.PAUSED)
    add_check("new", state=State.INSUFFICIENT_DATA)
    add_check("broken", state=State.UNHEALTHY, last_run_at=now)
    add_check("a-silent", state=State.HEALTHY, last_run_at=now - timedelta(hours=1))

    assert names() == ["broken", "a-silent", "new", "fine", "off"]
    assert names(state="insufficient_data") == ["a-silent", "new"]
    assert names(state="healthy") == ["fine"]
    counts = listing.look(Filters(), now).counts
    assert counts == {"unhealthy": 1, "insufficient_data": 2, "healthy": 1, "paused": 1}


def test_the_numbers_of_all_are_those_that_counting_every_row_finds(
    add_check: AddCheck, no_own: None, admin: User
) -> None:
    """The list knows how many pass from the number of all, which the database keeps as checks come and go."""
    now, domain = timezone.now(), Domain.objects.get(slug="frontend")
    Check.objects.bulk_create(
        Check(key=f"c-{number}", name=f"C {number}", kind="http", domain=domain, state=state, last_run_at=ran_at)
        for number, (state, ran_at) in enumerate(product(State, (now, now - timedelta(hours=1), None)))
    )
    for number in (0, 3):
        actions.archive(add_check(f"away-{number}", state=State.HEALTHY), by=admin, at=now)
    actions.archive(Check.objects.get(key="c-1"), by=admin, at=now)
    Check.objects.filter(state=State.PAUSED, archived_at=None).first().delete()  # type: ignore[union-attr]
    Check.objects.filter(key__in=["c-4", "c-7"]).delete()

    # Every check has one kind, so that this asks the same of the rows themselves.
    assert listing.look(Filters(), now).counts == listing.look(Filters(kind="http"), now).counts


@pytest.mark.parametrize(
    ("change", "is_silent"),
    [
        ({}, False),
        ({"every_seconds": 900}, False),
        ({"every_seconds": 60}, True),
        ({"last_run_at": None}, True),
        ({"last_run_at": timedelta(hours=-2)}, True),
        ({"last_run_at": timedelta(minutes=-5)}, False),
    ],
)
def test_who_falls_silent_sooner_than_the_claim_thought_is_counted(
    add_check: AddCheck, no_own: None, change: dict[str, Any], is_silent: bool
) -> None:
    """Five minutes a run, the last ten minutes ago; then somebody changes the period, or the last run is another."""
    now = timezone.now()
    made_at = now - timedelta(hours=1)
    check = add_check(
        state=State.HEALTHY,
        every_seconds=300,
        next_due=now,
        created_at=made_at,
        last_run_at=now - timedelta(minutes=10),
    )
    claim(limit=1)
    Check.objects.update(**{name: now + to if isinstance(to, timedelta) else to for name, to in change.items()})

    counts = listing.look(Filters(), now).counts
    assert counts == ({"insufficient_data": 1} if is_silent else {"healthy": 1})
    check.refresh_from_db()
    assert (check.shown_state(now) == State.INSUFFICIENT_DATA) is is_silent


def test_the_numbers_are_read_from_indexes(add_check: AddCheck, no_own: None) -> None:
    """Nothing is read of those that pass: with thousands of them a look costs what it does with a few."""
    domain, now = Domain.objects.get(slug="frontend"), timezone.now()
    Check.objects.bulk_create(
        Check(
            key=f"c-{number}", name=f"C {number}", kind="http", domain=domain, last_run_at=now,
            silent_from=now + timedelta(minutes=3), state="healthy" if number % 50 else "unhealthy",
        )
        for number in range(500)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE checks_check")
        cursor.execute("SET LOCAL enable_seqscan = off")  # whether it can, however small the table is
        cursor.execute(f"EXPLAIN {listing._COUNTS_OF_ALL}", {"at": now})
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "check_not_healthy" in plan and "check_silent_from" in plan
    assert "Seq Scan on checks_check" not in plan


@pytest.mark.parametrize("every", [2, 7])
def test_pages_with_silent_checks_stand_in_the_same_order_as_all_of_them(no_own: None, every: int) -> None:
    domain, now = Domain.objects.get(slug="frontend"), timezone.now()
    states = [State.HEALTHY, State.HEALTHY, State.HEALTHY, State.UNHEALTHY, State.INSUFFICIENT_DATA, State.PAUSED]
    Check.objects.bulk_create(
        Check(
            key=f"c-{number}", name=f"{'cC'[number % 2]} {number % 11}", kind="http", domain=domain,
            state=states[number % 6], severity=f"SEV-{1 + number % 3}",
            last_run_at=now - timedelta(hours=0 if number % every else 1),
        )
        for number in range(250)
    )  # fmt: skip

    for state in ("", "healthy", "insufficient_data", "paused"):
        pages, after = [], None
        for _ in range(4):
            seen = listing.look(Filters(state=state, after=after), now)
            pages += [one.pk for one in seen.found]
            after = Key.of(str(seen.after)) if seen.after else None
            if after is None:
                break

        assert pages == listing.matching(Filters(state=state), now)
        assert len(pages) == seen.fitting


def test_filters_narrow_by_domain_kind_owner_and_words(add_check: AddCheck, no_own: None) -> None:
    Domain.objects.filter(slug="backend").update(primary="@night-owl")
    add_check("shop", name="Shop 100 % up")
    add_check("api", kind="tcp", domain=Domain.objects.get(slug="backend"))

    assert names(domain="backend") == names(kind="tcp") == names(owner="@night-owl") == ["api"]
    assert names(words="SHOP up") == names(words="100 %") == ["shop"]
    assert names(words="night-owl") == ["api"]
    assert names(words="s_op") == names(words="shop nowhere") == names(domain="nowhere") == []


def test_what_was_put_away_is_on_no_list_but_its_own(add_check: AddCheck, no_own: None) -> None:
    add_check("here")
    add_check("gone", state=State.PAUSED, archived_at=timezone.now())

    seen = listing.look(Filters(), timezone.now())

    assert [row.still.key for row in seen.rows] == ["here"]
    assert (seen.total, seen.counts["archived"]) == (1, 1)
    assert names(state="archived") == ["gone"]


def test_a_row_says_its_day_its_mute_and_its_result(add_check: AddCheck, responder: User) -> None:
    now = timezone.now()
    check = add_check("shop", last_run_at=now, last_error="timeout", consecutive_fail=2, state=State.UNHEALTHY)
    mutes.mute(dedup_key="check:shop", until=now + timedelta(hours=1), reason="Moves", by=responder, at=now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    past = hour - timedelta(hours=3)
    buckets.replace_hours(
        [Counts(check.pk, past, ok=8, err=2, expected=10, errors={"timeout": 1, "status_5xx": 1}, lat_sum=90.0)]
    )
    last_day.keep([check.pk], until=hour)
    buckets.add_minutes([Counts(check.pk, hour, ok=1, expected=1, lat_sum=40.0)])

    row = listing.look(Filters(words="shop"), now).rows[0]

    assert (row.still.is_muted, row.result) == (True, "Timeout")
    assert row.bound == "2 in a row, unhealthy after 3 in a row"
    assert row.trend == "2 failed of 11 runs in 24 hours, mean latency between 10 ms and 40 ms"
    assert [value for value in row.line if value is not None] == [10.0, 40.0]


def test_a_rows_share_never_stands_without_what_it_covers(add_check: AddCheck) -> None:
    """Hours that are rolled up and the running one, without the slots of planned work."""
    now = timezone.now()
    check = add_check("shop", last_run_at=now, state=State.HEALTHY)
    hour = now.replace(minute=0, second=0, microsecond=0)
    buckets.replace_hours([Counts(check.pk, hour - timedelta(hours=3), ok=56, err=1, unknown=3, expected=70, maint=10)])
    last_day.keep([check.pk], until=hour)
    buckets.add_minutes([Counts(check.pk, hour, ok=1, unknown=1, expected=3, maint=1)])

    row = listing.look(Filters(words="shop"), now).rows[0]
    other = listing.look(Filters(words="portal-live"), now).rows[0]

    assert row.bound == "98.27 % of 93.54 % covered"  # 57 of 58, of 62 asked for
    assert other.bound == "nothing was due"


def test_a_row_that_is_drawn_again_says_its_newest_run_and_says_it_as_text(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    """What stays of a row is drawn once; its last run is written into each page. Nothing of it is taken for HTML."""
    check, client, now = add_check("shop", name="<b>Shop", state=State.HEALTHY), client_as(viewer), timezone.now()
    first = client.get("/checks/?q=shop").text
    Check.objects.filter(pk=check.pk).update(last_run_at=now, last_latency_ms=212.0)

    second = client.get("/checks/?q=shop").text

    assert ("No result yet" in first, "212 ms" in first) == (True, False)
    assert ("No result yet" in second, "212 ms" in second) == (False, True)
    assert "&lt;b&gt;Shop" in second and "<b>Shop" not in second
    cells = check_rows(Context(), [replace(listing.look(Filters(words="shop"), now).rows[0], bound="<i>")], "")
    assert "&lt;i&gt;" in cells and "<i>" not in cells


def test_a_row_that_is_kept_says_how_long_ago_it_ran_and_until_when_it_is_paused(
    add_check: AddCheck, no_own: None
) -> None:
    """The text of a row outlives its page; what depends on the page's moment does not."""
    now = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    add_check("off", state=State.PAUSED, last_run_at=now, paused_until=now + timedelta(hours=3))
    rows = listing.look(Filters(), now).rows

    def shown(at: datetime) -> str:
        return check_rows(Context({"shell": SimpleNamespace(now=at)}), rows, "")

    assert "38 s ago" in shown(now + timedelta(seconds=38)) and ">15:00</time>" in shown(now)
    tomorrow = shown(now + timedelta(days=1))
    assert "24 h ago" in tomorrow and f">{now.day} {now:%b}, 15:00</time>" in tomorrow


@pytest.mark.parametrize("text", ["", "x", "green.SEV-1.1", "healthy.SEV-1.x", "healthy.SEV-1.99999999999", "healthy"])
def test_a_key_that_is_none_begins_at_the_top(client_as: ClientAs, viewer: User, text: str) -> None:
    assert Key.of(text) is None
    assert "Portal disk" in client_as(viewer).get(f"/checks/?after={text}").text


def test_a_page_below_a_check_that_is_gone_still_opens(client_as: ClientAs, viewer: User) -> None:
    below = client_as(viewer).get("/checks/?after=paused.SEV-3.999999").text

    assert "Nothing below" in below and "First page" in below


def test_the_screens_say_that_no_worker_runs_checks(client_as: ClientAs, viewer: User) -> None:
    client, at = client_as(viewer), timezone.now()
    tag = client.get("/checks/", headers=PART).headers["HX-PTag"]
    JobClaim.objects.update_or_create(name=CHECKS, defaults={"claimed_at": at, "done_at": at - timedelta(seconds=55)})

    polled = client.get("/checks/", headers={**PART, "HX-PTag": tag})
    assert (polled.status_code, "No worker runs checks" in polled.content.decode()) == (200, True)
    assert "No worker runs checks" in client.get("/checks/health/").content.decode()


def table(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/checks/table/{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]


def test_the_table_is_that_of_the_filters_and_runs_nothing(
    client_as: ClientAs, viewer: User, add_check: AddCheck, no_own: None
) -> None:
    now = timezone.now()
    add_check("formula", name="=1+1", state=State.UNHEALTHY, last_error="timeout", last_run_at=now)
    add_check("fine", state=State.HEALTHY, last_run_at=now, last_latency_ms=12.5)

    head, *rows = table(client_as(viewer))
    only = table(client_as(viewer), "?state=healthy&q=fine")[1:]

    assert [row[0] for row in rows] == ["formula", "fine"] and [row[0] for row in only] == ["fine"]
    first = dict(zip(head, rows[0], strict=True))
    assert (first["name"], first["last_error"], first["muted"]) == ("'=1+1", "timeout", "no")
    assert first["address"].endswith("/checks/formula/")
    assert dict(zip(head, only[0], strict=True))["last_latency_ms"] == "12.5"
    said = AuditEvent.objects.filter(act="checks.export").order_by("pk").values_list("actor", "object")
    assert list(said) == [("viewer", ""), ("viewer", "state=healthy and words")]


def test_the_table_comes_in_steps_and_holds_everything_once(
    client_as: ClientAs, viewer: User, no_own: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_STEP", 10)
    domain = Domain.objects.get(slug="frontend")
    Check.objects.bulk_create(Check(key=f"c-{n}", name=f"C {n}", kind="http", domain=domain) for n in range(25))

    keys = [row[0] for row in table(client_as(viewer))[1:]]

    assert len(keys) == 25 and len(set(keys)) == 25
