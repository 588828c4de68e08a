"""Redis freezes in the night: who posts is answered at once, and what was queued leaves when it thaws."""

import http.cookiejar
import os
import re
import signal
import time
import urllib.parse
import urllib.request

import pytest

from tests.portals import Portal

pytestmark = [pytest.mark.serial]

PASSWORD = "a long and quiet watch"


class Person:
    """A browser without a screen."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.token = ""

    def get(self, address: str) -> str:
        url = address if address.startswith("http") else self.portal.url + address
        page: str = self.opener.open(url, timeout=60).read().decode()
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page):
            self.token = found[1]
        return page

    def post(self, address: str, **fields: str) -> str:
        url = address if address.startswith("http") else self.portal.url + address
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token, **fields}).encode()
        headers = {"Referer": self.portal.url, "Origin": self.portal.url}
        answer: str = self.opener.open(urllib.request.Request(url, data, headers), timeout=60).read().decode()
        return answer


def sign_up(portal: Portal) -> Person:
    """The first admin, by the link that bin/up printed."""
    person = Person(portal)
    person.get(portal.setup_link)
    person.post(portal.setup_link, username="night", email="", password1=PASSWORD, password2=PASSWORD)
    portal.has_admin = True
    return person


def come_in(portal: Portal) -> Person:
    """The same in a portal that others have used: by the link as long as it works, then by the password."""
    if not portal.has_admin:
        return sign_up(portal)
    person = Person(portal)
    person.get("/login/")
    person.post("/login/", login="night", password=PASSWORD)
    return person


@pytest.mark.full
def test_redis_frozen_costs_nobody_time_and_no_message(fresh_portal, sink):
    portal = fresh_portal(SLACK_WEBHOOK_URL=sink.url)
    person = sign_up(portal)
    person.get("/deliveries/destinations/")
    redis = portal.children()["redis"]

    os.kill(redis, signal.SIGSTOP)
    try:
        began = time.monotonic()
        page = person.post("/deliveries/way/test/", way="SLACK_WEBHOOK_URL")
        answered_in = time.monotonic() - began
        time.sleep(3)
    finally:
        os.kill(redis, signal.SIGCONT)
    thawed = time.monotonic()
    received = sink.wait_for_requests(1, within=120)
    left_in = time.monotonic() - thawed

    print(f"answered in {answered_in:.2f} s, left {left_in:.2f} s after the thaw")
    assert answered_in < 20  # it would hang as long as Redis is frozen, or until the browser gives up
    assert "1 test queued" in page
    assert b"Test message of Opsportal" in received[0].body
    time.sleep(2)
    assert len({request.headers["Idempotency-Key"] for request in sink.requests}) == 1


@pytest.mark.full
def test_a_portal_closed_with_one_key_does_not_start_with_another(fresh_portal):
    first, second = "the first key of this portal", "quite another key of somebody"
    portal = fresh_portal(INTEGRATION_ENCRYPTION_KEY=first)
    assert portal.stop() == 0

    again = fresh_portal(start=False, data_dir=portal.data_dir, INTEGRATION_ENCRYPTION_KEY=second)
    again.begin()

    assert again.supervisor.wait(timeout=300) == 1
    limit = time.monotonic() + 60
    while "INTEGRATION_ENCRYPTION_KEY" not in again.log and time.monotonic() < limit:
        time.sleep(0.1)
    assert "INTEGRATION_ENCRYPTION_KEY does not open what is stored" in again.log
    assert first not in again.log and second not in again.log
