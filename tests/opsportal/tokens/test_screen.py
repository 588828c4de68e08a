"""The Tokens screen: one's own, shown once; everybody's for admins."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from opsportal.models import ApiToken
from opsportal.tokens import actions

pytestmark = pytest.mark.django_db
PAGE = "/settings/tokens/"
FORM = {"name": "deploy-pipeline", "scopes": ["incidents:read", "incidents:write"], "days": "30"}


def issue(user, name: str = "script") -> actions.Issued:
    words: dict[str, Any] = {"name": name, "scopes": ["incidents:read"], "lifetime": timedelta(days=30)}
    return actions.issue(user, **words, by=user.username, at=timezone.now())


def shown(answer) -> list[str]:
    return re.findall(r"opsp_\w+", answer.content.decode())


def test_a_new_token_is_shown_once(client_as, responder):
    browser = client_as(responder)

    answer = browser.post(PAGE, FORM)

    (text,) = shown(answer)
    token = ApiToken.objects.get()
    assert actions.recognise(text, at=timezone.now()) == token
    assert (token.user, token.name, token.scopes) == (responder, FORM["name"], FORM["scopes"])
    assert shown(browser.get(PAGE)) == []
    assert answer["Cache-Control"] == "no-store, private"


def test_a_form_offers_the_scopes_within_the_role_only(client_as, responder, admin):
    assert b"audit:read" not in client_as(responder).get(PAGE).content
    assert b"audit:read" in client_as(admin).get(PAGE).content


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"scopes": []}, {"scopes": ["audit:read"]}, {"days": "9999"}, {"name": "x" * 65}]
)
def test_a_form_with_a_mistake_makes_nothing(client_as, responder, changes):
    answer = client_as(responder).post(PAGE, FORM | changes)

    assert answer.status_code == 422
    assert shown(answer) == []
    assert not ApiToken.objects.exists()


def test_a_secret_as_a_name_is_not_kept(client_as, responder):
    answer = client_as(responder).post(PAGE, FORM | {"name": "postgresql://a:hunter2hunter2@db/x"})

    assert answer.status_code == 422
    assert b"hunter2" not in answer.content


def test_making_and_rotating_ask_who_you_are_again_after_five_minutes(client_as, responder):
    responder.set_password("a long walk before the night shift")
    responder.save()
    old = issue(responder)
    browser = client_as(responder)
    session = browser.session
    session["account_authentication_methods"][-1]["at"] -= 301
    session.save()

    answers = [browser.post(PAGE, FORM), browser.post(f"{PAGE}{old.token.pk}/rotate/", {"hours": "1"})]

    assert [one.status_code for one in answers] == [302, 302]
    assert all(one["Location"].startswith("/account/again/") for one in answers)
    assert ApiToken.objects.count() == 1
    assert browser.get(PAGE).status_code == 200
    assert browser.post(f"{PAGE}{old.token.pk}/revoke/").status_code == 302
    assert actions.recognise(old.text, at=timezone.now()) is None


def test_viewers_have_no_tokens_screen(client_as, viewer):
    assert client_as(viewer).get(PAGE).status_code == 403


def test_rotating_shows_the_new_one_and_ends_the_old_one_later(client_as, responder):
    old = issue(responder)
    browser = client_as(responder)
    assert browser.get(f"{PAGE}{old.token.pk}/rotate/").status_code == 200

    answer = browser.post(f"{PAGE}{old.token.pk}/rotate/", {"hours": "1"})

    (text,) = shown(answer)
    assert actions.recognise(text, at=timezone.now())
    assert actions.recognise(old.text, at=timezone.now())
    assert actions.recognise(old.text, at=timezone.now() + timedelta(hours=1)) is None
    assert browser.post(f"{PAGE}{old.token.pk}/rotate/", {"hours": "1"}).status_code == 422


def test_revoking_asks_first(client_as, responder):
    issued = issue(responder)
    browser = client_as(responder)

    asked = browser.get(f"{PAGE}{issued.token.pk}/revoke/")
    assert asked.status_code == 200 and actions.recognise(issued.text, at=timezone.now())
    browser.post(f"{PAGE}{issued.token.pk}/revoke/")

    assert actions.recognise(issued.text, at=timezone.now()) is None


def test_admins_see_everybodys_tokens_and_revoke_but_do_not_rotate_them(client_as, admin, responder):
    issued = issue(responder, name="their-script")
    browser = client_as(admin)

    page = browser.get(PAGE).content.decode()
    assert "their-script" in page and "responder" in page and "incidents:read" in page
    assert browser.post(f"{PAGE}{issued.token.pk}/rotate/", {"hours": "1"}).status_code == 404

    browser.post(f"{PAGE}{issued.token.pk}/revoke/")
    assert actions.recognise(issued.text, at=timezone.now()) is None


def test_somebody_elses_token_does_not_exist_for_others(client_as, responder, publisher):
    issued = issue(responder, name="their-script")
    browser = client_as(publisher)

    assert b"their-script" not in browser.get(PAGE).content
    for act in ("rotate", "revoke"):
        assert browser.get(f"{PAGE}{issued.token.pk}/{act}/").status_code == 404
        assert browser.post(f"{PAGE}{issued.token.pk}/{act}/", {"hours": "0"}).status_code == 404
    assert actions.recognise(issued.text, at=timezone.now())


def test_the_page_costs_the_same_for_one_token_and_for_ten(client_as, admin, responder, django_assert_max_num_queries):
    for number in range(10):
        issue(responder, name=f"script-{number}")
        issue(admin, name=f"own-{number}")
    browser = client_as(admin)
    browser.get(PAGE)

    with django_assert_max_num_queries(10):
        browser.get(PAGE)
