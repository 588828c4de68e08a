"""Limits slide, survive Redis, keep no address, and leave one line a minute however hard somebody knocks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from opsportal.abuse import actions as abuse
from opsportal.api import throttle
from opsportal.api.errors import ApiError
from opsportal.models import AuditEvent, KnockCount, RequestCount

pytestmark = pytest.mark.django_db
MINUTE = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
ADDRESS = "203.0.113.9"


def passed(*, second: float, times: int = 1) -> int:
    """How many of so many requests at one moment get through."""
    return sum(_passes(second) for _ in range(times))


def _passes(second: float) -> bool:
    try:
        throttle.count_token(1, at=MINUTE + timedelta(seconds=second))
    except ApiError:
        return False
    return True


@override_settings(API_REQUESTS_PER_MINUTE=60)
def test_no_sixty_seconds_hold_twice_the_limit_around_the_turn_of_a_minute():
    assert passed(second=59, times=100) == 60

    assert passed(second=60, times=100) == 1  # the first of a minute
    assert passed(second=75, times=100) == 14
    assert passed(second=119, times=100) == 44


@override_settings(API_REQUESTS_PER_MINUTE=60)
def test_whoever_asks_too_often_all_the_time_still_gets_the_limit():
    got = sum(passed(second=second, times=2) for second in range(300))

    assert 280 <= got <= 310


@override_settings(API_REQUESTS_PER_MINUTE=60)
@pytest.mark.parametrize("second", [60.5, 75, 100])
def test_after_retry_after_the_next_request_passes(second):
    passed(second=30, times=60)
    passed(second=second, times=60)
    with pytest.raises(ApiError) as refusal:
        throttle.count_token(1, at=MINUTE + timedelta(seconds=second))

    wait = int(refusal.value.headers["Retry-After"])

    assert 1 <= wait <= 60
    assert not _passes(second)
    assert _passes(second + wait)


def test_a_refused_request_is_not_counted():
    with override_settings(API_REQUESTS_PER_MINUTE=3):
        passed(second=1, times=50)

    assert RequestCount.objects.get().count == 3


@pytest.fixture
def stranger() -> Client:
    cache.clear()
    return Client(REMOTE_ADDR=ADDRESS)


def guess(client: Client, name: str = "nobody") -> str:
    return client.post("/login/", {"login": name, "password": "wrong wrong wrong"}).text


def test_limited_sign_ins_leave_one_line_a_minute_and_all_stand_on_the_abuse_desk(stranger):
    answers = [guess(stranger) for _ in range(9)]

    assert "Too many tries" in answers[-1]
    line = AuditEvent.objects.get(act="sign_in.limited")
    assert (line.actor, line.object, line.result) == ("unknown", abuse.who(ADDRESS), "denied")
    assert KnockCount.objects.get(door="sign_in").count == 9
    # Five tries were read and refused; each of those has a line as before.
    assert AuditEvent.objects.filter(act="sign_in.refused").count() == 5


def test_the_page_for_too_many_requests_leaves_its_line_too(stranger):
    statuses = {stranger.post("/login/", {}).status_code for _ in range(31)}

    assert statuses == {200, 429}
    assert AuditEvent.objects.filter(act="sign_in.limited").count() == 1


def test_the_table_of_sign_in_limits_holds_no_address_and_no_name(stranger, responder):
    guess(stranger, "responder")

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM opsportal_cache")
        keys = [key for (key,) in cursor.fetchall()]
    assert len(keys) >= 3
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


def test_sign_in_limits_slide(stranger, monkeypatch):
    moments = iter([0, 100, 200, 250, 290])
    for moment in moments:
        monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda moment=moment: 1_800_000_000 + moment)
        assert "Too many tries" not in guess(stranger)

    tries = {}
    for moment in (299, 301, 302, 401):
        monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda moment=moment: 1_800_000_000 + moment)
        tries[moment] = "Too many tries" not in guess(stranger)

    assert tries == {299: False, 301: True, 302: False, 401: True}
