"""One check's page: the stretch in the URL, availability beside coverage, what happened around it, table and CSV."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.runs.models import Flip
from incidents.changes import actions as changes
from incidents.changes.actions import Facts, Teller
from incidents.ownership.models import Domain
from incidents.response import actions as response
from incidents.statuspage.maintenance import Maintenance
from opsportal.models import User

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def shop(add_check: AddCheck) -> Check:
    """A check with ten days of hours: of 64 slots 59 good, one bad, three not known and one planned."""
    check = add_check("shop")
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [timezone.now() - 11 * DAY, timezone.now() + DAY])
    buckets.replace_hours(
        Counts(
            check.pk, this_hour() - number * HOUR, ok=59, err=1, unknown=3, maint=1, expected=64,
            errors={"timeout": 1}, lat_sum=1200.0, lat_min=10.0, lat_max=90.0,
            hist=histogram.encode([10.0] * 30 + [20.0] * 27 + [90.0] * 3),
        )
        for number in range(240)
    )  # fmt: skip
    return check


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_check_without_data_says_what_it_waits_for(client_as: ClientAs, viewer: User, add_check: AddCheck) -> None:
    add_check("volume", kind="json_metrics", spec={"url": "https://shop.example/", "numbers": "total >= 1"})
    add_check("fine", kind="json_metrics", state=State.HEALTHY, last_run_at=timezone.now())
    client = client_as(viewer)

    assert "or its runs find nothing to judge: The volume is below its least." in text_of(client, "/checks/volume/")
    assert "nothing to judge" not in text_of(client, "/checks/fine/")


def test_availability_never_stands_without_coverage(client_as: ClientAs, viewer: User, shop: Check) -> None:
    page = text_of(client_as(viewer), "/checks/shop/")

    assert "Available 98.33 % of 95.23 % covered, hour by hour." in page
    assert "1,440 of 1,512 slots" in page
    assert '<span class="delta delta--flat">of 95.23 % covered</span>' in page


@pytest.mark.parametrize(("query", "rows"), [("", 24), ("?range=24h", 24), ("?range=7d", 168), ("?range=90d", 10)])
def test_the_range_stands_in_the_url_and_table_and_csv_follow(
    client_as: ClientAs, viewer: User, shop: Check, query: str, rows: int
) -> None:
    buckets.replace_days(
        Counts(shop.pk, this_hour().replace(hour=0) - number * DAY, ok=1, expected=1) for number in range(1, 10)
    )
    client = client_as(viewer)

    page = text_of(client, f"/checks/shop/{query}")
    answer = client.get(f"/checks/shop/history.csv{query}")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert page.count('<td class="nowrap">') == rows
    assert len(lines) == rows + 1
    assert lines[0].startswith("from,step_seconds,ok,failed,unknown,expected,planned,availability_percent")
    assert f'href="/checks/shop/history.csv{"" if query == "?range=24h" else query}"' in page


def test_a_zoom_stands_in_the_url_and_one_goes_on_from_there(client_as: ClientAs, viewer: User, shop: Check) -> None:
    until = this_hour() - 2 * DAY
    query = f"?since={until - 6 * HOUR:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"
    client = client_as(viewer)  # minutes of that time are not there, so it is hours

    page = text_of(client, f"/checks/shop/{query}")
    rows = b"".join(client.get(f"/checks/shop/history.csv{query}").streaming_content)  # type: ignore[attr-defined]

    escaped = query.replace("&", "&amp;")
    assert f'hx-get="/checks/shop/{escaped}"' in page and f'href="/checks/shop/history.csv{escaped}"' in page
    assert page.count('<td class="nowrap">') == 6 == len(rows.splitlines()) - 1
    for words in ("Zoom in", "Zoom out", "Earlier", "Later"):
        assert f">{words}</a>" in page
    assert "Later</a>" not in text_of(client, "/checks/shop/")


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2026-11-20T03:00", "2026-11-20T03:00", "Choose a time after the first one."),
        ("2026-11-20T03:00", "2026-11-20T03:05", "Choose ten minutes at least."),
        ("2001-11-20T03:00", "2026-11-20T03:00", "Choose ten years at most"),
        ("yesterday", "2026-11-20T03:00", "Write the time as"),
        ("1026-11-20T03:00", "2026-11-20T03:00", "Look at the year"),
        ("", "2026-11-20T03:00", "This field is required"),
        ("2026-11-20T03:00", "9" * 500, "Write the time as"),
    ],
)
def test_a_zoom_that_cannot_be_is_said_in_a_sentence_and_what_was_typed_comes_back(
    client_as: ClientAs, viewer: User, shop: Check, since: str, until: str, words: str
) -> None:
    answer = client_as(viewer).get("/checks/shop/", {"since": since, "until": until})

    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{until}"' in answer.text
    assert client_as(viewer).get("/checks/shop/history.csv", {"since": since, "until": until}).status_code == 422


def test_an_unknown_range_is_the_usual_one(client_as: ClientAs, viewer: User, shop: Check) -> None:
    assert text_of(client_as(viewer), "/checks/shop/?range=fortnight").count('<td class="nowrap">') == 24


def test_a_figure_of_too_few_answers_says_how_many_it_needs(
    client_as: ClientAs, viewer: User, add_check: AddCheck
) -> None:
    check = add_check("young")
    hist = histogram.encode([20.0] * 59)
    buckets.add_minutes(
        [Counts(check.pk, timezone.now().replace(second=0, microsecond=0), ok=59, expected=59, hist=hist)]
    )

    page = text_of(client_as(viewer), "/checks/young/")

    assert "half are faster" in page and "needs 60 answers" in page and "needs 300 answers" in page


def test_a_check_without_a_run_says_so(client_as: ClientAs, viewer: User, add_check: AddCheck) -> None:
    add_check("new-one")

    page = text_of(client_as(viewer), "/checks/new-one/?range=90d")

    assert "No run has ended in this time" in page and "Nothing was due in this time." in page
    assert "data-series" not in page and "No flips yet" in page


def test_changes_incidents_and_planned_work_are_marked_and_listed(
    client_as: ClientAs, viewer: User, responder: User, shop: Check
) -> None:
    now = timezone.now()
    other = Domain.objects.exclude(pk=shop.domain_id).first()
    assert other is not None
    changes.record(Facts("flag", "Search 2", shop.domain), by=Teller(responder), at=now - HOUR)
    told = [("Search is slow", shop.domain, "standard"), ("Elsewhere", other, "standard")]
    for title, domain, nature in [*told, ("Break-in", shop.domain, "security")]:
        response.declare(
            title=title,
            summary="Seen.",
            severity="SEV-3",
            domain=domain,
            nature=nature,
            by=responder,
            at=now - 2 * HOUR,
        )
    for title, domain in (("Disk swap", shop.domain), ("Not here", other)):
        Maintenance.objects.create(
            title=title, text="Disks are swapped.", audience="internal", domain=domain,
            starts_at=now - 5 * HOUR, ends_at=now - 4 * HOUR, created_by=responder,
        )  # fmt: skip

    page = text_of(client_as(viewer), "/checks/shop/")
    theirs = text_of(client_as(responder), "/checks/shop/")

    marks = page.partition('id="check-annotations"')[2].partition("</section>")[0]
    assert "Disk swap</a>" in marks and " Search is slow</a>" in marks and " Search 2</a>" in marks
    assert marks.index("Disk swap") < marks.index("Search is slow") < marks.index("Search 2")
    assert "Not here" not in page and "Elsewhere" not in page
    assert "Break-in" not in page and "Break-in" in theirs
    assert page.count('class="ann"') == 2 * 3 and page.count("ann--long") == 2 * 2
    assert '[["A",' in page.replace("&quot;", '"')


def test_a_check_without_data_inside_planned_work_says_that_it_waits_for_its_end(
    client_as: ClientAs, responder: User, add_check: AddCheck
) -> None:
    check, now = add_check("told", kind="token_report"), timezone.now()
    Maintenance.objects.create(
        title="Disk swap", text="Disks are swapped.", audience="internal", domain=check.domain,
        starts_at=now - HOUR, ends_at=now + HOUR, created_by=responder,
    )  # fmt: skip

    page = text_of(client_as(responder), "/checks/told/")

    assert "What runs inside planned work is neither good nor bad" in page
    assert "nobody has run it" not in page and "needs 6 answers" not in page


def test_settings_are_said_as_the_form_says_them(client_as: ClientAs, viewer: User, add_check: AddCheck) -> None:
    page_spec = {"url": "https://a.example/?k=v", "min_tls_days": 9, "headers": {"Accept": "CHECK_A"}}
    add_check("page", spec=page_spec)
    add_check("limit", kind="limit_guard", spec={"mode": "rate", "within": 60})
    add_check("beat", kind="heartbeat", spec={"grace_minutes": 5.0, "max_run_minutes": 0.5})
    client = client_as(viewer)

    page = text_of(client, "/checks/page/")
    assert "must still be good</dt><dd>9</dd>" in page and "<dd>Accept: CHECK_A</dd>" in page and "k=v" not in page
    assert "<dd>Too many requests get 429</dd>" in text_of(client, "/checks/limit/")
    beat = text_of(client, "/checks/beat/")
    assert "minutes</dt><dd>5</dd>" in beat and "minutes</dt><dd>0.5</dd>" in beat


def test_of_many_marks_the_newest_are_shown_and_the_page_says_so(
    client_as: ClientAs, viewer: User, responder: User, shop: Check
) -> None:
    for number in range(15):
        at = timezone.now() - timedelta(minutes=60 - number)
        changes.record(Facts("flag", f"Flag {number:02}", shop.domain), by=Teller(responder), at=at)

    page = text_of(client_as(viewer), "/checks/shop/")

    assert "Flag 02<" not in page and "Flag 03<" in page and "Flag 14<" in page
    assert "Only the newest 12 are marked." in page


def test_flips_up_to_the_shown_time_newest_first(client_as: ClientAs, viewer: User, shop: Check) -> None:
    for days, new in ((5, State.UNHEALTHY), (4, State.HEALTHY), (0, State.UNHEALTHY)):
        Flip.objects.create(
            check_ref=shop, at=timezone.now() - days * DAY, old=State.HEALTHY, new=new, reason="timeout"
        )
    until = this_hour() - 2 * DAY
    query = f"?since={until - 6 * HOUR:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"

    assert text_of(client_as(viewer), "/checks/shop/").count('<li id="flip-') == 3
    assert text_of(client_as(viewer), f"/checks/shop/{query}").count('<li id="flip-') == 2


def test_owner_next_run_runbooks_and_weeks_stand_beside_the_chart(
    client_as: ClientAs, viewer: User, shop: Check
) -> None:
    Domain.objects.filter(pk=shop.domain_id).update(primary="@fe-lead")
    Check.objects.filter(pk=shop.pk).update(next_due=timezone.now() + HOUR, last_error="missing_env")
    monday = this_hour().replace(hour=0) - timedelta(days=this_hour().astimezone(UTC).weekday() + 7)
    buckets.replace_weeks([Counts(shop.pk, monday, ok=995, err=5, unknown=24, expected=1024)])

    page = text_of(client_as(viewer), "/checks/shop/")

    assert "Next run in" in page and "@fe-lead" in page
    assert "Answers missing_env" in page and "/runbooks/" in page
    assert "99.5 % of 97.65 % covered" in page


@pytest.mark.parametrize("query", ["", "?range=7d", "?range=90d"])
def test_the_page_takes_as_many_queries_for_a_long_stretch_with_many_marks_as_for_a_day(
    client_as: ClientAs, viewer: User, responder: User, shop: Check, query: str
) -> None:
    client = client_as(viewer)

    def count(headers: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/checks/shop/{query}", headers=headers).status_code == 200
        return len(captured)

    count({})
    few = count({}), count(PART)
    for number in range(15):
        at = timezone.now() - timedelta(minutes=number)
        changes.record(Facts("flag", f"Flag {number}", shop.domain), by=Teller(responder), at=at)
        Flip.objects.create(check_ref=shop, old=State.HEALTHY, new=State.UNHEALTHY, reason="timeout")

    assert (count({}), count(PART)) == few
    assert few[0] <= 30 and few[1] <= 20


def test_a_part_brings_every_piece_that_changes_and_nothing_else(
    client_as: ClientAs, viewer: User, shop: Check
) -> None:
    part = client_as(viewer).get("/checks/shop/?range=7d", headers=PART).text

    for name in ("state", "next", "figures", "chart", "annotations", "flips", "stored"):
        assert f'hx-target="#check-{name}"' in part and f'id="check-{name}"' in part
    assert "Settings" not in part and part.count("<tr>") == 169
