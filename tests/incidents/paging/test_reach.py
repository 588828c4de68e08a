"""A way counts once somebody answered from there; the rules of a severity are an admin's to change."""

import contextlib
import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incidents.oncall import feeds
from incidents.paging import actions, queries, rules, week_section
from incidents.paging.models import Reach
from incidents.paging.rules import Rule
from opsportal.errors import Conflict, Denied, Refused
from opsportal.leaks import actions as leaks
from opsportal.models import AuditEvent, Delivery
from opsportal.outbox import actions as outbox
from tests.incidents.cast import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def inside(settings):
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]


@pytest.fixture
def way(responder, http_target, inside):
    return actions.add(responder, name="Phone", channel="slack", address=http_target.url, at=AT)[0]


def question(http_target) -> str:
    """The path of the link in the newest question."""
    Delivery.objects.filter(state="waiting").update(due_at=AT)
    outbox.deliver_due()
    text = json.loads(http_target.requests[-1].body)["text"]
    found: list[str] = re.findall(r"/reach/proof/\S+", text)
    return found[0]


def test_a_way_is_proved_by_an_answer_from_there_and_not_by_opening_the_link(
    way, responder, http_target, client, client_as
):
    address = question(http_target)

    assert client.get(address).status_code == 200
    assert not Reach.objects.proved().exists()

    assert "You are reached" in client.post(address).content.decode()
    assert [one.person for one in Reach.objects.proved()] == [responder]
    assert "answered" in client_as(responder).get(reverse("incidents:reach")).content.decode()


def test_an_answer_counts_once_and_only_for_the_newest_question(way, responder, http_target, client):
    old = question(http_target)
    actions.ask(way, by=responder, at=AT + timedelta(minutes=1))
    new = question(http_target)

    assert client.post(old).status_code == 410
    assert client.post(new).status_code == 200
    assert client.post(new).status_code == 410
    assert client.get("/reach/proof/forged:token:x/").status_code == 410


def test_the_link_stands_in_the_letter_alone(way, http_target):
    address = question(http_target)

    assert address.split("/")[3] not in "".join(Delivery.objects.values_list("body", flat=True))


def test_a_way_that_was_taken_away_forgets_its_address_and_hears_nothing(way, responder, http_target):
    actions.remove(way, by=responder, at=AT)
    Delivery.objects.filter(state="waiting").update(due_at=AT)
    outbox.deliver_due()

    assert http_target.requests == []
    assert not Reach.objects.get().address


def test_ways_are_their_owners_alone(way, admin, client_as):
    for act in (lambda: actions.ask(way, by=admin, at=AT), lambda: actions.remove(way, by=admin, at=AT)):
        with pytest.raises(Refused, match="not yours"):
            act()
    client_as(admin).post(reverse("incidents:reach_remove", args=[way.pk]))
    assert Reach.objects.kept().count() == 1


@pytest.mark.parametrize(
    ("name", "channel", "address", "words"),
    [
        ("Phone", "slack", "http://169.254.169.254/x", "inside|not allowed|forbidden|address"),
        ("Mail", "email", "somebody@example.org", "EMAIL_URL"),
        ("Mail", "email", "not an address", "mail address"),
        ("Phone", "slack", "ftp://example.org", "address|http"),
    ],
)
def test_what_cannot_be_reached_is_refused_and_typed_words_come_back(
    name, channel, address, words, responder, client_as
):
    page = client_as(responder).post(reverse("incidents:reach"), {"name": name, "channel": channel, "address": address})

    assert page.status_code in (409, 422)
    assert re.search(words, page.content.decode())
    assert f'value="{name}"' in page.content.decode()
    assert not Reach.objects.exists()


def test_no_secret_stands_in_the_name(responder, client_as):
    fields = {"name": "AKIAIOSFODNN7EXAMPLE", "channel": "slack", "address": "https://hooks.example.org/x"}

    assert client_as(responder).post(reverse("incidents:reach"), fields).status_code == 422
    assert not Reach.objects.exists()


def test_a_webhook_shows_its_signing_secret_once(responder, client_as, inside, http_target):
    browser = client_as(responder)
    fields = {"name": "Pager", "channel": "webhook", "address": http_target.url}

    assert "whsec_" in browser.post(reverse("incidents:reach"), fields).content.decode()
    assert "whsec_" not in browser.get(reverse("incidents:reach")).content.decode()


def test_a_rule_is_changed_by_admins_who_saw_the_newest(admin, responder):
    with pytest.raises(Denied):
        rules.change("SEV-1", Rule("both", "all", None), seen="first-all-5", by=responder, at=AT)
    rules.change("SEV-1", Rule("both", "all", None), seen="first-all-5", by=admin, at=AT)
    with pytest.raises(Conflict):
        rules.change("SEV-1", Rule("first", "all", 3), seen="first-all-5", by=admin, at=AT)

    assert rules.at("SEV-1", AT) == Rule("both", "all", None)
    assert rules.at("SEV-1", AT - timedelta(seconds=1)) == Rule("first", "all", 5)
    assert AuditEvent.objects.filter(act="paging.rule").count() == 1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule("nobody", "all", 5), "Nobody is called; the ops channel is told."),
        (Rule("both", "one", None), "First and backup at once, by the first verified contact method."),
        (Rule("first", "all", None), "The first on call, by every verified contact method; never the backup."),
        (
            Rule("first", "all", 5),
            "The first on call, by every verified contact method; the backup after 5 min unless acknowledged.",
        ),
    ],
)
def test_a_rule_in_words(rule, words):
    assert rule.words == words


def test_the_rule_form_keeps_what_was_typed(admin, client_as):
    browser, url = client_as(admin), reverse("incidents:paging_rule", args=["SEV-1"])

    page = browser.post(url, {"seen": "first-all-5", "whom": "first", "how": "all", "backup_minutes": "9999"})
    assert (page.status_code, 'value="9999"' in page.content.decode()) == (422, True)
    assert (
        browser.post(url, {"seen": "first-all-1", "whom": "first", "how": "one", "backup_minutes": "7"}).status_code
        == 409
    )
    assert (
        browser.post(url, {"seen": "first-all-5", "whom": "first", "how": "one", "backup_minutes": "7"}).status_code
        == 302
    )
    assert browser.get(reverse("incidents:paging_rule", args=["SEV-9"])).status_code == 404


def test_a_proof_grows_old(way, responder):
    Reach.objects.update(proved_at=AT)

    assert queries.standing_of([responder], AT + timedelta(days=90))[responder.pk].is_fresh
    assert queries.standing_of([responder], AT + timedelta(days=91))[responder.pk].words == "Stale"


def test_the_weekly_review_names_the_handles_whose_reach_is_unproved(on_call, reached, first, backup):
    reached(first)
    reached(backup, proved_at=AT - timedelta(days=91))

    lines = week_section.week_summary(AT - timedelta(days=7), AT).lines

    assert "1 handle leads to somebody with no contact method verified in 90 days: @backup-handle" in lines
    assert not any("first-handle" in line or "night-" in line for line in lines)


def test_who_puts_a_way_first_locks_all_of_theirs_in_one_order(way, responder, http_target):
    other = actions.add(responder, name="Watch", channel="slack", address=http_target.url, at=AT)[0]

    with CaptureQueriesContext(connection) as seen:
        actions.put_first(other, by=responder)

    first = next(one["sql"] for one in seen.captured_queries if "FOR UPDATE" in one["sql"])
    assert 'ORDER BY "incidents_reach"."id" ASC' in first
    names = Reach.objects.filter(person=responder).order_by("position").values_list("name", flat=True)
    assert list(names) == ["Watch", "Phone"]


def test_nobody_is_asked_without_end(way, responder, http_target):
    with pytest.raises(Refused, match="less than a minute ago"):
        actions.ask(way, by=responder, at=AT + timedelta(seconds=59))
    for number in range(1, actions.MOST_A_DAY):
        actions.remove(Reach.objects.kept().get(), by=responder, at=AT)
        actions.add(responder, name=f"Way {number}", channel="slack", address=http_target.url, at=AT)
    actions.remove(Reach.objects.kept().get(), by=responder, at=AT)
    with pytest.raises(Refused, match="tomorrow"):
        actions.add(responder, name="One more", channel="slack", address=http_target.url, at=AT)
    actions.add(
        responder, name="One more", channel="slack", address=http_target.url, at=AT + timedelta(days=1, hours=1)
    )


def test_calendar_addresses_and_open_questions_end_with_them(way, responder, http_target, client, settings, tmp_path):
    address = question(http_target)
    settings.DATA_DIR = tmp_path
    word = feeds.make(responder, is_team=True, at=AT)
    assert feeds.read(word, AT) is not None

    said = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("leak_response", stdout=said)
    again = leaks.respond(by="shell", reason="the second of two", at=AT)

    assert " links=0 calendars=1 questions=1 signing_key=" in said.getvalue().splitlines()[-1]
    assert [(one.name, one.count) for one in again.more] == [("calendars", 0), ("questions", 0)]
    assert feeds.read(word, AT) is None
    assert client.post(address).status_code == 410
    assert not Reach.objects.proved().exists()


def test_a_way_typed_after_an_old_sign_in_is_kept_nowhere(responder, client):
    client.force_login(responder)
    fields = {"name": "Phone", "channel": "webhook", "address": "https://hook.example/marker"}

    answer = client.post(reverse("incidents:reach"), fields)

    assert (answer.status_code, answer["Location"].startswith("/account/again/")) == (302, True)
    assert not Reach.objects.exists()
    assert "marker" not in str(dict(client.session))
    page = client.get(reverse("incidents:reach"))
    assert (page.status_code, "type it again" in page.content.decode()) == (200, True)
