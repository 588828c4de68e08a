"""Redis goes and takes all that it held along: the people on call stay signed in and can sign in."""

import os
import shutil
import signal
import time

import pytest

from tests.flows.test_deliveries import PASSWORD, Person, come_in

pytestmark = [pytest.mark.serial]


def where(person: Person, address: str) -> str:
    """The path that the browser ends at; the sign-in page when its session is gone."""
    answer = person.opener.open(person.portal.url + address, timeout=60)
    return str(answer.geturl()).removeprefix(person.portal.url)


def test_losing_redis_and_all_it_held_logs_nobody_out_and_keeps_nobody_out(lived_in_portal):
    portal = lived_in_portal
    person, stranger = come_in(portal), Person(portal)
    supervisor, redis = portal.process.pid, portal.children()["redis"]

    os.kill(supervisor, signal.SIGSTOP)  # so that it does not start it again
    try:
        os.kill(redis, signal.SIGKILL)
        shutil.rmtree(portal.data_dir / "redis")
        assert where(person, "/account/") == "/account/"
        stranger.get("/login/")
        stranger.post("/login/", login="night", password=PASSWORD)
        assert where(stranger, "/account/") == "/account/"
    finally:
        (portal.data_dir / "redis").mkdir(exist_ok=True)
        os.kill(supervisor, signal.SIGCONT)

    limit = time.monotonic() + 120
    while portal.status_of("/health/ready") != 200:
        assert time.monotonic() < limit, portal.log
        time.sleep(0.5)
    assert where(person, "/account/") == "/account/"
    assert where(Person(portal), "/account/").startswith("/login/")
