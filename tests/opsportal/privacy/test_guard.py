"""What must never be stored is seen, named and not echoed; what operators say all day passes."""

import re
import time
from functools import partial

import pytest
from django import forms

from opsportal.errors import Refused
from opsportal.privacy import guard, scanning
from opsportal.privacy.forms import GuardedForm

SECRETS = [
    ("database connection string", "it dies with postgresql://app:s3cret@db-1.internal:5432/app on start"),
    ("database connection string", "redis://:pa55word@cache:6379/0"),
    ("database connection string", "mongodb+srv://root:topsecret@cluster0.example.net/prod"),
    ("address with a password", "curl https://deploy:letmein99@registry.example.com/v2/"),
    ("address with a token in its query", "https://shop.example/health?region=eu&access_token=abcdef123456"),
    ("address with a token in its query", "https://files.example/a.csv?X-Amz-Signature=0123abcdef"),
    ("address with a token in its query", "curl 'https://maps.example/?key=AbCdEf123456'"),
    ("private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    ("private key", "-----BEGIN PRIVATE KEY-----"),
    ("bearer token", "Authorization: Bearer abcdef0123456789abcdef"),
    ("signed token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
    ("cloud access key", "key AKIAIOSFODNN7EXAMPLE was used"),
    ("vendor token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("vendor token", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    ("chat webhook address", "https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX"),
    ("password", "DB_PASSWORD=hunter2hunter2"),
    ("secret key or token", 'api_key: "abc123def456"'),
]
HARMLESS = [
    "db_verify status=fail reason=db_connect_failed",
    "ops_daily check=portal-live status=healthy samples=2880 availability=99.97 p95_ms=12",
    "X-Request-Id 4f1c2d3e-aaaa-bbbb-cccc-1234567890ab in pod api-7d9f8b6c5-x2x4z",
    "rolled back to 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
    "Forbidden (CSRF cookie not set.): /login/ request_id=d119fe09-470d-4209-bebd-b62abdd3315c",
    "The cookie banner broke, trace_id=4bf92f3577b34da6a3ce929d0e0e4736 commit=9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
    "image sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "Set POSTGRES_DSN_PROD and SECRET_KEY (names only), then run prod_verify",
    "missing=STRIPE_SECRET_KEY",
    "password reset pages answer 500 since 03:12 UTC",
    "traffic from 10.0.0.0/8 is fine; see https://status.example.com/incidents/abc",
    "queue at 31,000; #b3152c is the red; v2.14.1 at 2026-11-21T03:12:00Z",
    "SECRET_KEY=<from the vault>",
    "https://shop.example/list?sort_key=created_at&q=keyboard&keyword=checkout",
    "ask @sre-oncall in #ops-alerts",
]


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_a_secret_is_seen_by_its_kind_and_never_echoed(kind, text):
    found = guard.scan(text)

    assert [one.kind for one in found] == [kind]
    value = text[found[0].start : found[0].end]
    assert value not in guard.sentence(found)
    assert value not in guard.redact(text)
    assert f"[removed: {kind}]" in guard.redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_words_of_the_trade_pass(text):
    assert guard.scan(text) == []
    assert guard.redact(text) == text


def test_a_finding_names_line_and_column():
    found = guard.scan("first line\nsecond: AKIAIOSFODNN7EXAMPLE")

    assert (found[0].line, found[0].column) == (2, 9)


def test_two_findings_are_both_removed():
    text = "AKIAIOSFODNN7EXAMPLE and a@b.example"

    assert re.fullmatch(r"\[removed: cloud access key\] and user:[a-f][0-9a-f]{11}", guard.redact(text))
    assert guard.redact(text, is_public=True) == "[removed: cloud access key] and [removed: e-mail address]"


def test_too_long_a_text_is_refused_unread():
    with pytest.raises(Refused, match="longer than"):
        guard.require_clean("a" * (guard.MAX_CHARACTERS + 1))


@pytest.mark.parametrize("end", [" ", "\n"])
def test_a_text_full_of_findings_costs_no_more_than_a_clean_one(end):
    text = f"a@b.co{end}" * 9_000
    costs: dict[int, list[float]] = {900: [], 9_000: []}

    for _ in range(3):
        for count, spent in costs.items():
            begun = time.thread_time()
            found = guard.scan(text[: count * 7])
            spent.append(time.thread_time() - begun)

    # Ten times the text for ten times the work, and not for a hundred times.
    assert min(costs[9_000]) < 40 * min(costs[900])
    assert len(found) == 9_000
    assert (found[-1].line, found[-1].column) == ((9_000, 1) if end == "\n" else (1, 62_994))


class ChoosingForm(GuardedForm):
    """One field of each sort that repeats what was sent."""

    colour = forms.ChoiceField(choices=[("red", "Red")])
    number = forms.IntegerField()
    address = forms.CharField(widget=forms.PasswordInput)
    unguarded = ("address",)


def test_a_form_gives_no_field_back_with_a_secret_in_it():
    secret = "DB_PASSWORD=hunter2hunter2"

    form = ChoosingForm({"colour": secret, "number": secret, "address": secret})

    assert not form.is_valid()
    assert set(form.errors) == {"colour", "number"}
    assert form.removed == ["password", "password"]
    assert "hunter2" not in form.as_p()
    assert "password in line 1, column 1" in form.as_p()


def test_what_is_no_choice_and_no_secret_is_refused_as_ever():
    form = ChoosingForm({"colour": "blue", "number": "x", "address": "y"})

    assert "Select a valid choice" in str(form.errors["colour"])
    assert form.removed == []


PEOPLE = [
    ("user", "jane.doe@example.com"),
    ("user", "8f14e45f-ceea-467f-a8d4-0a1b2c3d4e5f"),
    ("phone", "+49 151 23456789"),
    ("ip", "203.0.113.7"),
    ("card", "4111 1111 1111 1111"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("ssn", "078-05-1120"),
]


@pytest.mark.parametrize(("token", "value"), PEOPLE)
def test_a_person_becomes_a_stable_token_inside_and_stops_in_public(token, value):
    text = f"user {value} cannot pay" if "-467f-" in value else f"seen: {value}, twice"

    inside = guard.for_inside(text)

    assert value not in inside
    assert re.search(rf"{token}:[a-f][0-9a-f]{{11}}", inside)
    assert guard.for_inside(text) == guard.for_inside(inside) == inside
    with pytest.raises(Refused, match="may not be stored"):
        guard.require_public(text)
    assert guard.judge(text).word == "warn"
    assert guard.judge(text, is_public=True).word == "block"


def test_the_token_of_a_person_is_the_same_in_every_spelling_and_other_under_another_key(settings):
    spellings = {guard.redact(text) for text in ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111")}
    settings.SECRET_KEY = "another key of this portal, long enough"

    assert len(spellings) == 1
    assert guard.redact("4111111111111111") not in spellings


def test_a_long_document_leaves_whole_but_for_what_may_not_leave():
    document = "all is well here\n" * 9_000 + "key AKIAIOSFODNN7EXAMPLE\n" + "all is well here\n" * 9_000

    assert guard.for_export(document) == document.replace("AKIAIOSFODNN7EXAMPLE", "[removed: cloud access key]")


def test_a_secret_is_refused_inside_as_well():
    with pytest.raises(Refused, match="cloud access key in line 1, column 5"):
        guard.for_inside("key AKIAIOSFODNN7EXAMPLE")


def test_text_that_cannot_be_read_through_in_time_is_not_clean():
    seen = scanning.look("all is well", budget=-1.0)

    assert not seen.complete and seen.spans == []


@pytest.mark.parametrize("is_public", [False, True])
def test_over_budget_warns_inside_and_stops_in_public(is_public, monkeypatch):
    monkeypatch.setattr(guard, "look", partial(scanning.look, budget=-1.0))

    assert guard.judge("all is well", is_public=is_public).word == ("block" if is_public else "warn")
    with pytest.raises(Refused, match="in time"):
        guard.require_public("all is well")


def test_places_lead_back_to_the_text_as_it_came():
    text = "see \u200bAKIA\u200bIOSFODNN7EXAMPLE now"

    assert guard.redact(text) == "see \u200b[removed: cloud access key] now"


class Words(GuardedForm):
    text = forms.CharField()
    address = forms.URLField(required=False, assume_scheme="https")


class PublicWords(Words):
    is_public = True


def test_a_form_comes_back_with_tokens_and_passes_the_second_time():
    first = Words({"text": "jane@example.com sees AKIAIOSFODNN7EXAMPLE", "address": "https://203.0.113.7/health"})
    assert not first.is_valid()
    assert first.removed == ["e-mail address", "cloud access key"]
    assert "jane" not in str(first) and "AKIA" not in str(first)

    assert Words(first.data).is_valid()


def test_a_public_form_removes_people_altogether():
    form = PublicWords({"text": "jane@example.com is affected"})

    assert not form.is_valid()
    assert form["text"].value() == "[removed: e-mail address] is affected"
