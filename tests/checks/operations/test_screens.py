"""The operations screens: what each role sees and may do, parts that say 304, words that come back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from checks.operations import actions, kinds, plans
from checks.operations.models import OperationRun
from opsportal.models import User

AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
LIST, NEW = "/operations/", "/operations/run/"
ClientAs = Callable[[User], Client]
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def going(responder: User) -> OperationRun:
    """A run that goes on, after one that took a minute."""
    before = actions.start("doctor", reason="morning", by=responder, at=AT)
    actions.claim(before.pk, at=AT)
    actions.keep(before, [(AT, "doctor part=disk status=fail reason=used_97_percent")], at=AT)
    actions.finish(before, state="ended", code=2, at=AT + timedelta(minutes=1))
    run = actions.start("doctor", reason="after CHG-401", by=responder, at=AT)
    actions.claim(run.pk, at=AT)
    actions.keep(run, [(AT, "doctor part=database status=ok")], at=AT)
    return OperationRun.objects.get(pk=run.pk)


def test_the_list_shows_every_operation_with_its_last_token(
    client_as: ClientAs, viewer: User, going: OperationRun
) -> None:
    page = client_as(viewer).get(LIST).content.decode()

    assert all(f">{one.name}</a>" in page for one in kinds.operations())
    assert "doctor part=disk status=fail reason=used_97_percent" in page
    assert f'href="{going.get_absolute_url()}"' in page
    assert "Start a run" not in page
    assert NEW not in page


def test_the_list_takes_a_steady_number_of_queries(
    client_as: ClientAs, viewer: User, going: OperationRun, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = client_as(viewer)
    client.get(LIST)

    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        client.get(LIST)


def test_a_poll_without_news_is_304_and_a_line_is_news(client_as: ClientAs, viewer: User, going: OperationRun) -> None:
    client = client_as(viewer)
    for url in (LIST, going.get_absolute_url()):
        tag = client.get(url, headers=PART)["HX-PTag"]
        assert client.get(url, headers={**PART, "HX-PTag": tag}).status_code == 304
        actions.keep(going, [(AT, "doctor part=keys status=ok")], at=AT)
        assert client.get(url, headers={**PART, "HX-PTag": tag}).status_code == 200


def test_a_run_shows_its_lines_who_and_why_and_how_far_it_is(
    client_as: ClientAs, viewer: User, responder: User, going: OperationRun
) -> None:
    page = client_as(viewer).get(going.get_absolute_url()).content.decode()

    assert '<li class="ok"><time' in page
    assert "after CHG-401" in page
    assert "95 percent of the usual time" in page
    assert "usually 60 s" in page
    assert "<pre hidden>doctor part=database status=ok</pre>" in page
    cancel = reverse("checks:operation_cancel", args=[going.pk])
    assert cancel not in page
    assert cancel in client_as(responder).get(going.get_absolute_url()).content.decode()


def test_a_run_that_is_over_is_no_longer_asked_for(client_as: ClientAs, viewer: User, going: OperationRun) -> None:
    actions.finish(going, state="ended", code=0, at=AT)

    assert "every 2s" not in client_as(viewer).get(going.get_absolute_url()).content.decode()


def test_a_person_starts_a_run_and_is_led_to_it(client_as: ClientAs, responder: User) -> None:
    answer = client_as(responder).post(NEW, {"command": "db_verify", "reason": "after CHG-401"})

    run = OperationRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, run.get_absolute_url())
    assert (run.command, run.by, run.reason) == ("db_verify", responder, "after CHG-401")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"command": "db_verify", "reason": " "}, "Say why, in a few words."),
        ({"command": "migrate", "reason": "x"}, "Choose one of the commands."),
        ({"command": "replay_deliveries --failed-since 1h", "reason": "x"}, "Choose one of the commands."),
        ({"command": "doctor", "reason": "mine too"}, "doctor runs already, started by responder"),
        ({"command": "db_verify", "reason": "key AKIAIOSFODNN7EXAMPLE"}, "We took it out"),
    ],
)
def test_what_cannot_be_started_comes_back_with_a_sentence(
    client_as: ClientAs, responder: User, going: OperationRun, sent: dict[str, str], sentence: str
) -> None:
    answer = client_as(responder).post(NEW, sent)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.content.decode()
    assert OperationRun.objects.open().get() == going


@pytest.mark.parametrize(
    ("command", "word", "outcome"),
    [
        ("replay_deliveries --event-id", "incident:7", "replay_deliveries --event-id incident:7"),
        ("replay_deliveries --failed-since", "90m", "replay_deliveries --failed-since 90m"),
        ("replay_deliveries --failed-since 1h", "", "replay_deliveries --failed-since 1h"),
        ("replay_deliveries --event-id", "", "Write the event id"),
        ("replay_deliveries --event-id", "--failed-since 1h", "Write the event id"),
        ("replay_deliveries --failed-since", "yesterday", "Write how long ago as 30m, 1h or 2d."),
        ("db_verify", "90m", "db_verify takes no word"),
    ],
)
def test_a_word_behind_a_command_is_looked_at(
    client_as: ClientAs, admin: User, command: str, word: str, outcome: str
) -> None:
    answer = client_as(admin).post(NEW, {"command": command, "word": word, "reason": "the hook was down"})

    if answer.status_code == 302:
        assert OperationRun.objects.get().command == outcome
    else:
        assert (answer.status_code, OperationRun.objects.count()) == (422, 0)
        page = answer.content.decode()
        assert outcome in page
        assert not word or f'value="{word}"' in page


def test_only_who_may_use_it_sees_the_field_for_a_word(client_as: ClientAs, admin: User, responder: User) -> None:
    assert 'name="word"' in client_as(admin).get(NEW).content.decode()
    assert 'name="word"' not in client_as(responder).get(NEW).content.decode()


def test_an_admin_says_when_it_runs_by_itself(client_as: ClientAs, admin: User, responder: User) -> None:
    url = "/operations/doctor/"
    assert "By hand only" in client_as(responder).get(url).content.decode()
    assert "Save the plan" not in client_as(responder).get(url).content.decode()
    wish = {"command": "doctor", "every": "week", "weekday": "5", "at": "06:00"}

    assert client_as(responder).post(f"{url}plan/", wish).status_code == 403
    answer = client_as(admin).post(f"{url}plan/", wish)

    assert (answer.status_code, answer["Location"]) == (302, url)
    assert "Every Saturday at 06:00 UTC" in client_as(admin).get(url).content.decode()
    assert "Every Saturday at 06:00 UTC" in client_as(admin).get(LIST).content.decode()
    bad = client_as(admin).post(f"{url}plan/", {**wish, "at": "25 o'clock"})
    assert bad.status_code == 422
    assert "Write the time as 03:00." in bad.content.decode()


def test_ops_daily_gets_another_time_and_nothing_else(client_as: ClientAs, admin: User) -> None:
    client, url = client_as(admin), "/operations/ops_daily/plan/"

    assert client.post(url, {"every": "never", "at": "06:00"}).status_code == 422
    assert client.post(url, {"every": "day", "at": "06:00"}).status_code == 302
    assert plans.plan_of("ops_daily").words == "Every day at 06:00 UTC"


def test_what_only_admins_start_only_admins_end(client_as: ClientAs, responder: User, admin: User) -> None:
    run = actions.start("backup", reason="Before the change", by=admin, at=AT)
    url = reverse("checks:operation_cancel", args=[run.pk])

    assert url not in client_as(responder).get(run.get_absolute_url()).content.decode()
    assert client_as(responder).post(url).status_code == 403
    run.refresh_from_db()
    assert run.is_open and run.cancel_asked_by is None

    assert url in client_as(admin).get(run.get_absolute_url()).content.decode()
    client_as(admin).post(url)
    run.refresh_from_db()
    assert not run.is_open


def test_a_run_is_cancelled_after_a_question(client_as: ClientAs, responder: User, going: OperationRun) -> None:
    client, url = client_as(responder), reverse("checks:operation_cancel", args=[going.pk])

    assert "End this run?" in client.get(url).content.decode()
    assert client.post(url)["Location"] == going.get_absolute_url()
    going.refresh_from_db()
    assert going.cancel_asked_by == responder
    actions.finish(going, state="cancelled", code=None, at=AT)
    assert "This run is over" in client.get(url).content.decode()
    assert client.post(url).status_code == 422


def test_the_runs_of_one_operation_page_back(client_as: ClientAs, viewer: User, going: OperationRun) -> None:
    actions.finish(going, state="ended", code=0, at=AT)
    OperationRun.objects.bulk_create(
        OperationRun(kind="doctor", command="doctor", source="web", reason="x", asked_at=AT, state="ended", exit_code=0)
        for _ in range(50)
    )
    client = client_as(viewer)

    page = client.get("/operations/doctor/").content.decode()
    assert page.count("exit 0") + page.count("Exit 0") == 50
    older = OperationRun.objects.newest_first()[49].pk
    assert f"?before={older}" in page
    assert client.get(f"/operations/doctor/?before={older}").content.decode().count("Exit ") == 2
    assert client.get("/operations/nobody/").status_code == 404
    assert client.get("/operations/runs/999999/").status_code == 404
