"""Pages by key: every row once, whatever happens between two requests."""

import pytest

from opsportal.audit import actions as audit
from opsportal.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.opsportal.api.urls")]
NOTES = "/api/v1/test/notes"


@pytest.fixture
def script(program, viewer):
    return program(viewer, "incidents:read")


def add(*titles: str) -> None:
    for title in titles:
        audit.record("test.note", by="cast", object=title)


def walk(script, limit: int, between=lambda: None) -> list[str]:
    """All titles, page by page."""
    titles: list[str] = []
    answer = script.get(f"{NOTES}?limit={limit}").json()
    while True:
        titles += [one["title"] for one in answer["items"]]
        if answer["next"] is None:
            return titles
        between()
        answer = script.get(NOTES, data={"limit": limit, "cursor": answer["next"]}).json()


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_every_row_comes_once_even_when_all_have_one_time(script, limit):
    add("a", "b", "c", "d", "e", "f")  # one transaction, so one time: the number decides

    assert walk(script, limit) == ["f", "e", "d", "c", "b", "a"]


def test_rows_added_meanwhile_neither_repeat_nor_hide_others(script):
    add("a", "b", "c", "d", "e")

    assert walk(script, 2, between=lambda: add("new")) == ["e", "d", "c", "b", "a"]


def test_an_empty_list_has_no_next_page(script):
    assert script.get(NOTES).json() == {"items": [], "next": None}


@pytest.mark.parametrize("cursor", ["", "x", "WzFd:abc:def", "%ff"])
def test_a_cursor_that_is_not_ours_is_400(script, cursor):
    answer = script.get(f"{NOTES}?cursor={cursor}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_CURSOR")


def test_a_cursor_of_another_list_is_400(script):
    add("a", "b")
    cursor = script.get(f"{NOTES}?limit=1").json()["next"]

    answer = script.get("/api/v1/incidents", data={"cursor": cursor})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_CURSOR")


def test_a_page_costs_one_statement_however_far(script, django_assert_num_queries):
    add(*"abcdef")
    cursor = script.get(f"{NOTES}?limit=2").json()["next"]

    with django_assert_num_queries(3):  # token, count, page
        script.get(NOTES, data={"limit": 2, "cursor": cursor})

    assert AuditEvent.objects.filter(act="test.note").count() == 6
