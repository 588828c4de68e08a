"""Readers ask, confirm, choose and leave; nobody learns who is one; a database that is away loses nothing."""

import re
import stat
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from incidents.statuspage import actions as statuspage
from incidents.statuspage.models import Component
from incidents.subscribers import actions, fan_out, links, spool
from incidents.subscribers.models import Subscriber
from opsportal.abuse.models import KnockCount
from opsportal.api import throttle
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from opsportal.responder import SnapshotResponder
from tests.incidents.statuspage.conftest import NOW
from tests.locking import meanwhile
from tests.opsportal.outbox import sinks
from tests.opsportal.test_responder import ask as ask_responder

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/status/subscribe/"
MAIL = {"channel": "email", "address": "Reader@Example.org", "scope": "all"}


@pytest.fixture
def stranger(data_dir) -> Client:
    cache.clear()
    return Client(enforce_csrf_checks=True)


def path_in(mail: str, kind: str) -> str:
    """The address of a link in a mail, without the host."""
    text = mail.replace("=\n", "").replace("=3D", "=")
    found = re.search(rf"(/status/{kind}/[^/\s]+/)", text)
    assert found
    return found[1]


def away(*_: object, **__: object) -> None:
    raise OperationalError("the database is away")


def test_subscribe_confirm_publish_one_mail_one_click_publish_none(mails, stranger, draft, publisher, write):
    """The whole way of a reader."""
    assert stranger.post(SUBSCRIBE, MAIL).status_code == 200
    outbox.deliver_due()
    link = path_in(mails.mails[0], "confirm")
    assert "Confirm your subscription" in stranger.get(link).content.decode()
    assert Subscriber.objects.get().state == "waiting"  # mail scanners look at every link
    assert "You are subscribed" in stranger.post(link).content.decode()
    Subscriber.objects.update(confirmed_at=NOW - timedelta(hours=1))
    now = timezone.now()
    draft.next_update_at = now + timedelta(minutes=30)
    draft.save()

    statuspage.publish(draft, by=publisher, at=now)
    fan_out.run(draft.outbox_event, at=now)
    outbox.deliver_due()
    assert len(mails.mails) == 2

    unfolded = mails.mails[1].replace("\n ", " ")
    (header,) = re.findall(r"(?m)^List-Unsubscribe: (.*)$", unfolded)
    leave = path_in(header, "unsubscribe")
    answer = stranger.post(leave, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    second = write(at=now, next_update_at=now + timedelta(minutes=30))
    statuspage.publish(second, by=publisher, at=now)
    fan_out.run(second.outbox_event, at=now)
    outbox.deliver_due()
    assert len(mails.mails) == 2


def test_a_link_works_once_and_for_a_day(mails, stranger):
    stranger.post(SUBSCRIBE, MAIL)
    outbox.deliver_due()
    link = path_in(mails.mails[0], "confirm")

    Subscriber.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert stranger.post(link).status_code == 410
    Subscriber.objects.update(asked_at=timezone.now())
    assert stranger.post(link).status_code == 200
    assert stranger.post(link).status_code == 410
    assert stranger.get("/status/confirm/1-abc.x/").status_code == 404


def test_the_answer_is_the_same_whether_the_address_is_known(mails, stranger, reader):
    reader("reader@example.org")

    known, unknown = (stranger.post(SUBSCRIBE, {**MAIL, "address": one}) for one in (MAIL["address"], "b@example.org"))

    assert known.content == unknown.content
    assert known.headers.items() ^ unknown.headers.items() <= {
        *(("X-Request-Id", one.headers["X-Request-Id"]) for one in (known, unknown))
    }
    assert Delivery.objects.count() == 2
    outbox.deliver_due()
    to_known = next(mail for mail in mails.mails if "To: reader@example.org" in mail)
    assert "They are already" in to_known.replace("=\n", "") and "/status/confirm/" not in to_known


def test_who_only_knows_an_address_changes_nothing_of_its_subscription(stranger, reader):
    row = reader("reader@example.org", "API")

    stranger.post(SUBSCRIBE, MAIL)

    row.refresh_from_db()
    assert (row.state, row.is_all, [one.name for one in row.components.all()]) == ("active", False, ["API"])


def test_one_address_is_written_to_once_an_hour(stranger):
    for _ in range(3):
        stranger.post(SUBSCRIBE, MAIL)

    assert Delivery.objects.count() == 1


def test_a_stranger_who_tries_a_list_is_stopped_and_counted(stranger):
    answers = [stranger.post(SUBSCRIBE, {**MAIL, "address": f"r{number}@example.org"}) for number in range(20)]

    assert answers[0].status_code == 200 and answers[-1].status_code == 429
    assert KnockCount.objects.get().door == "readers"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"address": "nobody"}, "Write one mail address"),
        ({"address": ""}, "Write an address"),
        ({"channel": "webhook", "address": "http://127.0.0.1/x"}, "Write a public address"),
        ({"channel": "webhook", "address": "http://169.254.169.254/"}, "Write a public address"),
        ({"channel": "slack", "address": "ftp://example.org/"}, "Write a public address"),
        ({"scope": "some"}, "Tick at least one component"),
        ({"channel": "github"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_written_to_comes_back_with_a_sentence(stranger, changes, sentence):
    answer = stranger.post(SUBSCRIBE, {**MAIL, **changes})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_chosen_components_are_kept_and_changed_by_the_manage_link(mails, stranger):
    api, web = Component.objects.get(name="API"), Component.objects.get(name="Dashboard")
    stranger.post(SUBSCRIBE, {**MAIL, "scope": "some", "components": [api.public_id]})
    outbox.deliver_due()
    stranger.post(path_in(mails.mails[0], "confirm"))
    row = Subscriber.objects.get()
    manage = links.manage(row.pk).removeprefix("http://localhost:8000")

    page = stranger.get(manage)
    assert page["Cache-Control"] == "private, no-store" and page["Referrer-Policy"] == "no-referrer"
    assert b"example.org" not in page.content
    saved = stranger.post(manage, {"act": "choose", "scope": "some", "components": [web.public_id]})
    assert "Saved." in saved.content.decode()
    assert [one.name for one in row.components.all()] == ["Dashboard"]

    assert stranger.post(manage, {"act": "leave"}).status_code == 200
    assert stranger.get(manage).status_code == 410


def test_leaving_erases_the_address_and_what_waited_for_it(stranger, reader, tell, settings):
    settings.EMAIL_CONFIGURED = True
    row = reader()
    tell()
    fan_out.run("update:one", at=timezone.now())

    for _ in range(2):
        assert stranger.post(links.unsubscribe(row.pk).removeprefix("http://localhost:8000")).status_code == 200

    row.refresh_from_db()
    assert (row.state, bool(row.address), bool(row.credentials)) == ("ended", False, False)
    assert not Delivery.objects.exists()


def test_looking_at_the_unsubscribe_link_ends_nothing(stranger, reader):
    row = reader()

    page = stranger.get(links.unsubscribe(row.pk).removeprefix("http://localhost:8000"))

    assert b"<button" in page.content
    assert Subscriber.objects.get().state == "active"
    assert stranger.post("/status/unsubscribe/1.forged/").status_code == 404


def test_a_webhook_proves_itself_by_the_link_it_is_sent(stranger, settings):
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    with sinks.crowd() as crowd:
        stranger.post(SUBSCRIBE, {"channel": "webhook", "address": f"{crowd.url}hook", "scope": "all"})
        outbox.deliver_due()
    row = Subscriber.objects.get()
    assert [one.place for one in crowd.came] == ["hook"]

    page = stranger.post(links.confirm(row.pk, row.nonce).removeprefix("http://localhost:8000"))

    row.refresh_from_db()
    assert row.credentials.open().startswith("whsec_") and row.credentials.open() in page.content.decode()
    assert row.state == "active"


def test_nothing_at_rest_names_an_address(stranger):
    stranger.post(SUBSCRIBE, MAIL)

    row = Subscriber.objects.get()
    held = str(list(Subscriber.objects.values())) + str(list(Delivery.objects.values()))
    assert "example" not in held.lower()
    assert row.address.token and row.address.open() == "reader@example.org"
    assert row.nonce not in str(list(Delivery.objects.values("body", "subject", "destination")))


def test_without_the_database_a_wish_is_written_down_closed_and_done_later(stranger, data_dir, monkeypatch, reader):
    row = reader("leaver@example.org")
    with monkeypatch.context() as patch:
        patch.setattr(throttle, "allows", away)
        patch.setattr(actions, "end", away)
        asked = stranger.post(SUBSCRIBE, MAIL)
        left = stranger.post(links.unsubscribe(row.pk).removeprefix("http://localhost:8000"))
    assert (asked.status_code, left.status_code) == (202, 202)
    assert "Written down" in asked.content.decode()
    files = list((data_dir / "readers").iterdir())
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert b"example" not in b"".join(one.read_bytes() for one in files)

    assert spool.drain(at=timezone.now()) == 2

    assert list((data_dir / "readers").iterdir()) == []
    assert sorted(Subscriber.objects.values_list("state", flat=True)) == ["ended", "waiting"]


def test_the_spool_is_bounded_as_a_whole_and_for_each_stranger(data_dir, monkeypatch):
    monkeypatch.setattr(spool, "MOST_FILES", 4)
    monkeypatch.setattr(spool, "MOST_OF_ONE", 3)

    def kept(who: str) -> bool:
        return spool.keep("end", {"pk": 1}, who=who, at=timezone.now())

    assert [kept("a") for _ in range(4)] == [True, True, True, False]
    assert [kept("b") for _ in range(2)] == [True, False]


def test_a_file_that_no_key_opens_is_put_aside(data_dir):
    spool.keep("end", {"pk": 1}, who="a", at=timezone.now())
    (only,) = (data_dir / "readers").iterdir()
    only.write_bytes(b"broken")
    (data_dir / "readers" / "0-folder.sealed").mkdir()

    assert spool.drain(at=timezone.now()) == 0
    assert {one.suffix for one in (data_dir / "readers").iterdir()} == {".sealed", ".unreadable"}


def test_who_never_confirmed_is_forgotten_and_who_had_left_stays_on_the_list(stranger, reader):
    stranger.post(SUBSCRIBE, MAIL)
    left = reader("left@example.org")
    actions.end(left.pk, at=timezone.now())
    stranger.post(SUBSCRIBE, {**MAIL, "address": "left@example.org"})

    actions.tidy(at=timezone.now() + timedelta(hours=25))

    only = Subscriber.objects.get()
    assert (only.pk, only.state, bool(only.address)) == (left.pk, "ended", False)


@pytest.mark.django_db(transaction=True)
def test_who_asks_again_while_the_forgotten_are_cleared_away_keeps_the_new_link():
    asked: dict[str, Any] = {
        "channel": "email", "address": "late@example.org", "is_all": True, "component_ids": (),
    }  # fmt: skip
    now = timezone.now()
    actions.ask(**asked, at=now - timedelta(hours=25))

    outcomes = meanwhile(lambda: actions.ask(**asked, at=now), lambda: actions.tidy(at=now))

    assert not [one for one in outcomes if isinstance(one, Exception)]

    assert Subscriber.objects.get().asked_at == now


def test_the_responder_shows_the_form_and_passes_on_what_readers_do_without_their_cookies(backend, snapshot_dir):
    statuspage.rebuild(NOW)
    passed = []

    def house(environ, start_response):
        passed.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_COOKIE")))
        start_response("200 OK", [])
        return [b""]

    site = SnapshotResponder(house, directory=snapshot_dir, clock=NOW.timestamp)
    form = ask_responder(site, SUBSCRIBE)
    assert (form.status, passed) == (200, [])
    assert "form-action 'self'" in form.headers["Content-Security-Policy"]
    assert b'value="' + Component.objects.get(name="API").public_id.encode() in form.body
    assert "form-action 'none'" in ask_responder(site, "/status/").headers["Content-Security-Policy"]

    ask_responder(site, SUBSCRIBE, "POST", cookie="opsportal_session=abc")
    ask_responder(site, "/status/unsubscribe/x/", "GET", cookie="a=b")
    assert passed == [("POST", SUBSCRIBE, None), ("GET", "/status/unsubscribe/x/", None)]
    assert ask_responder(site, "/status/", "POST").status == 405


def test_a_page_of_readers_asks_no_database(stranger, snapshot_dir, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert stranger.get(SUBSCRIBE).status_code == 200
        assert stranger.get(links.unsubscribe(1).removeprefix("http://localhost:8000")).status_code == 200
        assert stranger.get(links.confirm(1, "x").removeprefix("http://localhost:8000")).status_code == 200
