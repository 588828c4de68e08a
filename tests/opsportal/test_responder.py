"""The public page ahead of Django: what a client gets for what it asks."""

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest

from incidents.statuspage import rendering, snapshot, writer
from opsportal.responder import SnapshotResponder
from tests.incidents.statuspage.conftest import ASSETS, NOW, a_page, an_incident

HTML = ["/status/", "/status/history/", "/status/incidents/incident0001/"]


@dataclass
class Answer:
    """What came back over WSGI."""

    status: int
    headers: dict[str, str]
    body: bytes


class Clock:
    """Time that stands where the test puts it."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


def django_must_not_be_asked(environ, start_response):
    raise AssertionError(f"Django was asked for {environ['PATH_INFO']}")


def write(root: Path, *, name: str = "Problem with Component 1", minutes: float = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    page = a_page(an_incident(1, name=name))
    with writer.exclusive(root):
        tree = snapshot.build(page, at=at, render=rendering.render, assets=ASSETS, previous=writer.manifest(root))
        writer.write(root, tree, at=at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path, clock) -> SnapshotResponder:
    write(tmp_path)
    return SnapshotResponder(django_must_not_be_asked, directory=tmp_path, clock=clock)


def ask(site, path: str, method: str = "GET", **headers: str) -> Answer:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    found: dict[str, Any] = {}

    def start_response(status, answered, exc_info=None):
        found.update(status=int(status.split()[0]), headers=dict(answered))

    body = b"".join(site(environ, start_response))
    return Answer(found["status"], found["headers"], body)


@pytest.mark.parametrize(
    "path",
    [*HTML, "/api/v2/summary.json", "/status/api/v2/status.json", "/history.atom", "/history.rss",
     "/status/history.atom", "/status/badge.svg", ASSETS.css_address, ASSETS.icon_address],
)  # fmt: skip
def test_every_address_answers_without_django_and_without_cookies(site, path):
    answer = ask(site, path)

    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) == len(answer.body) > 0
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_everything_else_goes_on_to_django(tmp_path):
    asked: list[str] = []

    def django(environ: dict[str, Any], start_response: object) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        return []

    site = SnapshotResponder(django, directory=tmp_path)

    for path in ("/", "/statuspage/", "/incidents/", "/api/v1/health", "/history"):
        site({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda *_: None)

    assert asked == ["/", "/statuspage/", "/incidents/", "/api/v1/health", "/history"]


@pytest.fixture
def own_name(tmp_path, clock) -> SnapshotResponder:
    write(tmp_path)
    return SnapshotResponder(django_must_not_be_asked, directory=tmp_path, host="status.example", clock=clock)


@pytest.mark.parametrize("host", ["status.example", "Status.Example:8443", "status.example."])
def test_on_its_own_name_the_page_stands_at_the_root_and_nothing_else_answers(own_name, host):
    assert ask(own_name, "/", host=host).body == ask(own_name, "/status/", host=host).body
    assert ask(own_name, "/api/v2/summary.json", host=host).status == 200
    for path in ("/login/", "/incidents/", "/health/ready", "/api/v1/me", "/static/css/portal.css", "/metrics"):
        answer = ask(own_name, path, host=host)
        assert answer.status == 404, path
        assert "ETag" not in answer.headers
    assert ask(own_name, "/login/", "POST", host=host).status == 405


def test_readers_forms_reach_django_under_the_page_s_own_name(tmp_path):
    asked: list[str] = []

    def django(environ: dict[str, Any], start_response: object) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        return []

    site = SnapshotResponder(django, directory=tmp_path, host="status.example")
    for method, path in (("POST", "/status/subscribe/"), ("GET", "/status/confirm/x/"), ("POST", "/status/manage/x/")):
        site({"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "status.example"}, lambda *_: None)

    assert len(asked) == 3


def test_under_other_names_staff_get_in(tmp_path):
    asked: list[str] = []

    def django(environ: dict[str, Any], start_response: object) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        return []

    site = SnapshotResponder(django, directory=tmp_path, host="status.example")
    site({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "ops.example"}, lambda *_: None)

    assert asked == ["/"]


@pytest.mark.parametrize(
    ("accepted", "coding", "decode"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip, deflate, br;q=1.0", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("GZIP;q=0.5", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
        ("*", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("", None, bytes),
        ("br;q=0, gzip;q=0", None, bytes),
        ("gzip;q=0, *", None, bytes),
    ],
)
def test_the_smallest_coding_that_a_client_takes(site, accepted, coding, decode):
    plain = ask(site, "/status/").body

    answer = ask(site, "/status/", accept_encoding=accepted)

    assert answer.headers.get("Content-Encoding") == coding
    assert decode(answer.body) == plain


@pytest.mark.parametrize("accepted", ["", "gzip", "br"])
def test_a_client_that_has_it_gets_304_without_a_body(site, accepted):
    first = ask(site, "/status/", accept_encoding=accepted)

    for tags in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"x", {first.headers["ETag"]}', "*"):
        again = ask(site, "/status/", accept_encoding=accepted, if_none_match=tags)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Content-Type" not in again.headers
    assert ask(site, "/status/", accept_encoding=accepted, if_none_match='"other"').status == 200


def test_each_coding_has_a_tag_of_its_own(site):
    tags = {ask(site, "/status/", accept_encoding=coding).headers["ETag"] for coding in ("", "gzip", "br")}

    assert len(tags) == 3


def test_a_date_counts_only_where_no_tag_was_sent(site):
    modified = ask(site, "/status/").headers["Last-Modified"]

    assert ask(site, "/status/", if_modified_since=modified).status == 304
    assert ask(site, "/status/", if_modified_since="Thu, 01 Jan 2026 00:00:00 GMT").status == 200
    assert ask(site, "/status/", if_modified_since=modified, if_none_match='"other"').status == 200
    assert ask(site, "/status/", if_modified_since="yesterday").status == 200


def test_head_says_the_same_without_the_body(site):
    get, head = ask(site, "/status/"), ask(site, "/status/", "HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_can_only_be_read(site, method):
    answer = ask(site, "/status/", method)

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_browsers_may_read_the_documents_from_anywhere(site):
    for path in ("/api/v2/summary.json", "/history.atom", "/status/badge.svg"):
        assert ask(site, path).headers["Access-Control-Allow-Origin"] == "*"
    asked = ask(site, "/api/v2/summary.json", "OPTIONS")
    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Access-Control-Allow-Origin" not in ask(site, "/status/").headers


@pytest.mark.parametrize("path", HTML)
def test_a_page_turns_stale_by_itself_after_a_minute(site, clock, path):
    fresh = ask(site, path)
    clock.now += 60
    still = ask(site, path)
    clock.now += 1
    stale = ask(site, path, if_none_match=fresh.headers["ETag"])

    assert still.body == fresh.body
    assert stale.status == 200
    assert b"not up to date" in stale.body
    assert b"not up to date" not in fresh.body
    assert "Last-Modified" not in stale.headers


def test_documents_do_not_change_with_age(site, clock):
    fresh = ask(site, "/api/v2/summary.json")
    clock.now += 3600

    assert ask(site, "/api/v2/summary.json").body == fresh.body


def test_a_page_that_is_not_there_says_so(site):
    answer = ask(site, "/status/incidents/unknown/")

    assert answer.status == 404
    assert b"There is nothing at this address" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v2/unknown.json", "/status/api/v2/unknown.json"])
def test_a_document_that_is_not_there_says_so_to_programs(site, path):
    answer = ask(site, path)

    assert answer.status == 404
    assert json.loads(answer.body)["error"]["code"] == "NOT_FOUND"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/status", "/status/history"])
def test_a_missing_slash_is_added(site, path):
    answer = ask(site, path)

    assert (answer.status, answer.headers["Location"]) == (308, f"{path}/")


@pytest.mark.parametrize("path", ["/status/../manifest.json", "/status//", "/status/%2e%2e/", "/status/manifest.json"])
def test_no_address_reaches_a_file_that_is_not_published(site, path):
    assert ask(site, path).status == 404


def test_before_the_first_build_it_says_so_and_when_to_ask_again(tmp_path):
    site = SnapshotResponder(django_must_not_be_asked, directory=tmp_path / "nothing")

    page, document = ask(site, "/status/"), ask(site, "/api/v2/summary.json")

    assert (page.status, document.status) == (503, 503)
    assert page.headers["Retry-After"] == document.headers["Retry-After"] == "10"
    assert page.headers["Cache-Control"] == "no-store"
    assert b"not available yet" in page.body
    assert json.loads(document.body)["error"]["code"] == "NOT_BUILT_YET"


def wait_until_shown(site, text: bytes, within: float = 30.0) -> float:
    started = time.monotonic()
    while text not in ask(site, "/status/").body:
        assert time.monotonic() - started < within
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_new_version_is_served_within_two_seconds(site, tmp_path):
    ask(site, "/status/")
    write(tmp_path, name="Another problem", minutes=0.1)

    assert wait_until_shown(site, b"Another problem") < 2


@pytest.mark.parametrize("manifest", ["{", "[]", '{"digests": [], "addresses": {}}'])
def test_a_version_that_cannot_be_read_leaves_the_one_before_in_place(site, tmp_path, manifest):
    before = ask(site, "/status/").body
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text(manifest)
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("broken")
    time.sleep(1.05)

    assert ask(site, "/status/").body == before


def test_the_first_build_is_found_by_a_server_that_was_there_before(tmp_path):
    site = SnapshotResponder(django_must_not_be_asked, directory=tmp_path)
    assert ask(site, "/status/").status == 503
    write(tmp_path)

    wait_until_shown(site, b"Problem with Component 1")


def test_many_threads_and_rebuilds_never_get_half_a_tree(site, tmp_path):
    """Page, document and feed of one answer round name the same incident, or the round saw a switch between them."""
    stop, problems = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            for path in ("/status/", "/api/v2/summary.json", "/history.atom"):
                answer = ask(site, path, accept_encoding="gzip")
                body = gzip.decompress(answer.body)
                if answer.status != 200 or (body.count(b"Problem number ") == 0 and b"Problem with" not in body):
                    problems.append((path, answer.status))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        write(tmp_path, name=f"Problem number {number}", minutes=number / 100)
        time.sleep(0.1)
    wait_until_shown(site, b"Problem number 5")
    stop.set()
    for thread in threads:
        thread.join()

    assert problems == []


def test_without_database_and_redis_the_whole_door_answers(tmp_path):
    """The real wsgi.py in a process of its own, whose database and Redis addresses lead nowhere."""
    write(tmp_path / "snapshot")
    script = (
        "from opsportal.wsgi import application\n"
        "def start(status, headers): print(status)\n"
        "for path in ('/status/', '/api/v2/summary.json', '/history.atom'):\n"
        "    body = b''.join(application({'REQUEST_METHOD': 'GET', 'PATH_INFO': path}, start))\n"
        "    print(len(body) > 100)\n"
    )
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "OPSPORTAL_DATA_DIR": str(tmp_path),
        "SECRET_KEY": "a-key-for-this-test-only-0123456789-0123456789",
    }

    found = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | nowhere, capture_output=True, text=True, check=False
    )

    assert found.stdout.split("\n")[:-1] == ["200 OK", "True"] * 3, found.stderr
