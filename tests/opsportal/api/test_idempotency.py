"""A request with an Idempotency-Key acts once, whoever repeats it and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from opsportal.api import idempotency
from opsportal.api.models import KeptAnswer
from opsportal.models import AuditEvent
from opsportal.tokens import actions
from tests.opsportal.api.conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.opsportal.api.urls")]
NOTES = "/api/v1/test/notes"


@pytest.fixture
def script(program, responder):
    return program(responder, "incidents:read", "incidents:write")


def written() -> int:
    return AuditEvent.objects.filter(act="test.note").count()


def test_the_same_request_gets_the_same_answer_and_acts_once(script):
    first = script.post(NOTES, {"title": "x"}, key="k1")
    second = script.post(NOTES, {"title": "x"}, key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first and second["Idempotency-Replayed"] == "true"
    assert written() == 1


def test_without_a_key_every_request_acts(script):
    script.post(NOTES, {"title": "x"})
    script.post(NOTES, {"title": "x"})

    assert written() == 2
    assert not KeptAnswer.objects.exists()


def test_the_same_key_with_another_body_is_409(script):
    script.post(NOTES, {"title": "x"}, key="k1")

    answer = script.post(NOTES, {"title": "y"}, key="k1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert written() == 1


def test_the_next_token_of_the_same_person_gets_the_same_answer(script, responder):
    first = script.post(NOTES, {"title": "x"}, key="k1")
    issued = actions.rotate(script.token, overlap=timedelta(), by=responder, at=timezone.now())

    again = Program(issued.text, issued.token).post(NOTES, {"title": "x"}, key="k1")

    assert again.content == first.content
    assert written() == 1


def test_a_token_with_fewer_rights_does_not_get_the_answer(script, program, responder):
    script.post(NOTES, {"title": "x"}, key="k1")

    answer = program(responder, "incidents:read").post(NOTES, {"title": "x"}, key="k1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert written() == 1


def test_two_people_may_use_the_same_key(script, program, publisher):
    script.post(NOTES, {"title": "x"}, key="k1")
    program(publisher, "incidents:write").post(NOTES, {"title": "x"}, key="k1")

    assert written() == 2


@pytest.mark.parametrize("title", ["refuse", "conflict", "break", "deny"])
def test_what_was_refused_or_broke_stores_nothing_and_may_be_tried_again(script, title):
    script.post(NOTES, {"title": title}, key="k1")
    script.post(NOTES, {"title": title}, key="k1")

    assert not KeptAnswer.objects.exists()
    assert written() == 0
    assert script.post(NOTES, {"title": "x"}, key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "ä", "k" * 256, "a\tb"])
def test_a_key_of_another_form_is_400(script, key):
    headers = {"Authorization": f"Bearer {script.text}", "Idempotency-Key": key}

    answer = script.client.post(NOTES, {"title": "x"}, content_type="application/json", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")
    assert written() == 0


def test_after_a_day_the_key_is_free_again(script):
    script.post(NOTES, {"title": "x"}, key="k1")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    assert script.post(NOTES, {"title": "y"}, key="k1").status_code == 201
    assert written() == 2


def test_old_answers_are_removed(script):
    script.post(NOTES, {"title": "x"}, key="old")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    script.post(NOTES, {"title": "x"}, key="new")

    assert idempotency.forget_old(at=timezone.now()) == 1
    assert [len(kept.key) for kept in KeptAnswer.objects.all()] == [64]  # a digest; the program's own words are gone


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_the_same_time_one_acts_and_all_get_its_answer(script):
    def ask(_: int):
        try:
            return Program(script.text, script.token).post(f"{NOTES}?slowly=0.2", {"title": "x"}, key="k1")
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))

    assert {one.status_code for one in answers} == {201}
    assert len({one.content for one in answers}) == 1
    assert sum("Idempotency-Replayed" not in one for one in answers) == 1
    assert written() == 1
