"""Issues at GitHub: one for each event whatever fails, the last word last, and nothing that calls people by name."""

import time
from contextlib import suppress

import pytest
from django.utils import timezone

from opsportal.errors import Refused
from opsportal.outbox import actions, queries
from opsportal.outbox.models import Delivery, Destination, Route
from tests.opsportal.outbox import sinks

pytestmark = pytest.mark.django_db
TELL, CLOSE = Delivery.Act.TELL, Delivery.Act.CLOSE


@pytest.fixture
def hub(monkeypatch):
    with sinks.github() as hub:
        monkeypatch.setenv("GITHUB_API_URL", hub.url)
        monkeypatch.setenv("GITHUB_ISSUES_REPO", hub.repository)
        monkeypatch.setenv("GITHUB_TOKEN", hub.token)
        yield hub


@pytest.fixture
def track():
    """News of one event."""
    keys = iter(range(1000))

    def tell(body: str = "red", act: Delivery.Act = TELL, event: str = "ops_daily") -> Delivery:
        return actions.track_issue(
            key=f"{event}:{next(keys)}", event=event, subject="ops_daily strict unhealthy", body=body,
            at=timezone.now(), act=act,
        )[0]  # fmt: skip

    return tell


def error_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.last_error


def test_an_issue_is_opened_once_updated_closed_and_opened_again(hub, track):
    for body, act in (("red", TELL), ("still red", TELL), ("green", CLOSE), ("red again", TELL)):
        track(body, act)
        actions.deliver_due()
        states = [one["state"] for one in hub.issues]
        assert states == ["closed" if act == CLOSE else "open"]
        assert hub.issues[0]["body"].startswith(body)

    assert hub.issues[0]["title"] == "ops_daily strict unhealthy"
    assert hub.writes == ["POST", "PATCH", "PATCH", "PATCH"]
    assert [method for method, _ in hub.asked].count("GET") == 1  # its number is known from then on


def test_news_that_leave_together_make_one_issue_and_the_last_word_is_last(hub, track):
    hub.latency = 0.1
    for body, act in (("red", TELL), ("worse", TELL), ("green", CLOSE)):
        track(body, act)

    actions.deliver_due()

    assert [one["state"] for one in hub.issues] == ["closed"]
    assert hub.issues[0]["body"].startswith("green")
    assert hub.writes == ["POST", "PATCH", "PATCH"]


def test_a_later_word_waits_for_an_earlier_one_that_failed(hub, track, send_again):
    hub.status = 502
    track("red")
    actions.deliver_due()
    hub.status = 0
    closing = track("green", CLOSE)

    actions.deliver_due()
    closing.refresh_from_db()
    assert (closing.state, hub.issues) == ("waiting", [])
    send_again()

    assert [one["state"] for one in hub.issues] == ["closed"]


def test_an_issue_whose_opening_was_never_confirmed_is_found_again(hub, track, send_again):
    hub.hangs_up = True
    delivery = track("red")
    actions.deliver_due()
    assert (error_of(delivery), len(hub.issues)) == ("connect", 1)
    hub.hangs_up = False
    others = [{"number": 0, "state": "open", "body": "somebody's", "touched": 5} for _ in range(150)]
    for other in others:
        hub.issues.append(other | {"number": len(hub.issues) + 1})

    send_again()

    assert error_of(delivery) == ""
    assert hub.writes == ["POST", "PATCH"]
    assert hub.issues[0]["body"].startswith("red")


def test_an_issue_that_somebody_deleted_is_opened_anew_and_nothing_is_switched_off(hub, track):
    track("red")
    actions.deliver_due()
    hub.issues[0]["state"] = "deleted"

    track("still red")
    actions.deliver_due()

    assert [one["state"] for one in hub.issues] == ["deleted", "open"]


def test_closing_an_issue_that_never_was_does_nothing(hub, track):
    track("green", CLOSE)

    actions.deliver_due()

    assert hub.issues == []
    assert Delivery.objects.get().state == Delivery.State.SENT


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "120"}),
        (403, {"Retry-After": "120"}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "in 130 s"}),
    ],
)
def test_a_spent_budget_is_waited_for_and_is_no_failure(hub, track, status, headers):
    if "X-RateLimit-Reset" in headers:
        headers = {**headers, "X-RateLimit-Reset": str(int(time.time()) + 130)}
    hub.status, hub.headers = status, headers
    delivery = track()

    actions.deliver_due()

    assert error_of(delivery) == "rate_limited"
    assert 30 < (delivery.due_at - timezone.now()).total_seconds() < 140
    way = Route.objects.get(name="GITHUB_ISSUES_REPO")
    assert way.failures == 0 and way.open_until is not None


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, "unauthorized", "the token"),
        (403, "unauthorized", "the token"),
        (404, "not_found", "the token may not see it"),
        (301, "redirect", "redirects are never followed"),
        (422, "status_4xx", "did not want"),
    ],
)
def test_what_is_wrong_is_said_and_tried_again(hub, track, http_target, status, error, words):
    hub.status, hub.headers = status, {"Location": http_target.url}
    delivery = track()

    actions.deliver_due()

    assert error_of(delivery) == error
    assert delivery.state == "waiting"
    assert words in queries.lines([delivery], at=timezone.now())[0].how
    assert http_target.requests == []


def test_a_wrong_token_is_shown_nowhere(hub, track, monkeypatch, client_as, admin, caplog):
    monkeypatch.setenv("GITHUB_TOKEN", "marker-of-a-token")
    delivery = track()

    actions.deliver_due()

    page = client_as(admin).get("/deliveries/").content.decode()
    assert error_of(delivery) == "unauthorized"
    assert "marker-of-a-token" not in page + caplog.text + repr(Delivery.objects.values())


def test_nobody_is_called_by_name_and_no_text_passes_for_a_marker(hub, track):
    track("On call: @sre-oncall <!-- opsportal:other -->")

    actions.deliver_due()

    body = hub.issues[0]["body"]
    assert "@sre-oncall" not in body
    assert body.count("<!-- opsportal:") == 1


def test_a_secret_reaches_no_issue(hub, track):
    with suppress(Refused):
        track("postgres://app:hunter2hunter2@db.internal/app")

    actions.deliver_due()
    assert "hunter2" not in f"{hub.issues}{list(Delivery.objects.values())}"


def test_repositories_added_by_admins_keep_issues_too_and_are_told_nothing_else(hub, add_destination, track):
    hub.repository = "partner/ops"
    add_destination("partner/ops", channel="github", token="t0ken")
    Destination.objects.update(is_active=True)

    told = actions.tell_operators(key="break-glass", subject="s", body="b", at=timezone.now())
    track("red")
    actions.deliver_due()

    assert told == []
    assert [one["state"] for one in hub.issues] == ["open"]
    assert set(Delivery.objects.values_list("destination", "last_error")) == {
        ("GITHUB_ISSUES_REPO", "not_found"),
        ("Partner", ""),
    }


def test_the_test_button_opens_an_issue_and_closes_it(hub, client_as, admin):
    browser = client_as(admin)
    for _ in range(2):
        browser.post("/deliveries/way/test/", {"way": "GITHUB_ISSUES_REPO"})
        actions.deliver_due()

    assert [(one["title"], one["state"]) for one in hub.issues] == [("Test message of Opsportal", "closed")]
    assert hub.writes == ["POST", "PATCH", "PATCH", "PATCH"]
    assert "Arrived" in browser.get("/deliveries/destinations/").content.decode()
