"""A form that is sent twice acts once, and the second time leads to the first result."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from incidents.changes.models import Change, Freeze
from incidents.response.models import TimelineEvent
from opsportal.models import KeptAnswer
from tests.incidents.cast import SECRET, open_incident

CHANGE = {"kind": "flag", "what": "New help search", "domain": "payments", "result": "succeeded"}
FREEZE = {"domain": "payments", "reason": "Books are closed", "time_zone": "UTC"}
NOTE = {"post-text": "Provider B answers again"}


def drawn(client: Client, page: str) -> str:
    """The key that the form of a page carries."""
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(page).content.decode())
    assert found is not None
    return found[1]


@pytest.fixture
def doors(responder: Any) -> dict[str, tuple[str, str, dict[str, str], Callable[[], int]]]:
    """Page with the form, where it is sent to, what is typed, and how many there are."""
    room = open_incident(responder).get_absolute_url()
    return {
        "change": ("/changes/new/", "/changes/new/", CHANGE, Change.objects.count),
        "freeze": ("/changes/freezes/new/", "/changes/freezes/new/", FREEZE, Freeze.objects.count),
        "note": (room, f"{room}post/", NOTE, TimelineEvent.objects.filter(kind="note").count),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["change", "freeze", "note"])
def test_a_form_sent_twice_without_javascript_acts_once(client_as, publisher, doors, door):
    client, (page, to, typed, count) = client_as(publisher), doors[door]
    typed = typed | {"form_key": drawn(client, page)}

    first, second = client.post(to, typed), client.post(to, typed)

    assert count() == 1
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert "This was sent already" in client.get(second["Location"]).content.decode()


@pytest.mark.django_db
def test_the_same_words_on_a_new_form_are_meant(client_as, responder, doors):
    client, (page, to, typed, count) = client_as(responder), doors["note"]

    for _ in range(2):
        client.post(to, typed | {"form_key": drawn(client, page)})

    assert count() == 2


@pytest.mark.django_db
def test_other_words_on_the_same_form_are_meant_too(client_as, responder, doors):
    client, (page, to, typed, count) = client_as(responder), doors["note"]
    typed = typed | {"form_key": drawn(client, page)}

    client.post(to, typed)
    client.post(to, typed | {"post-text": "And again it does not"})

    assert count() == 2


@pytest.mark.django_db
def test_a_refused_form_is_forgotten_and_may_be_sent_again(client_as, responder, doors):
    client, (page, to, typed, count) = client_as(responder), doors["change"]
    typed = typed | {"form_key": drawn(client, page), "what": f"Key {SECRET}"}

    assert [client.post(to, typed).status_code for _ in range(2)] == [422, 422]

    assert (count(), KeptAnswer.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_part_that_is_sent_twice_looks_at_the_page_again(client_as, responder, doors):
    client, (page, to, typed, count) = client_as(responder), doors["note"]
    typed = typed | {"form_key": drawn(client, page)}
    htmx = {"HX-Request": "true", "HX-Request-Type": "partial"}

    first, second = (client.post(to, typed, headers=htmx) for _ in range(2))

    assert count() == 1
    assert drawn_again(first.content.decode()) != typed["form_key"]
    assert second["HX-Refresh"] == "true"


def drawn_again(part: str) -> str:
    """The key of the composer that comes with the answer."""
    found = re.search(r'name="form_key" value="([^"]+)"', part)
    assert found is not None
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_acts_and_the_other_shows_it(client_as, responder, doors):
    page, to, typed, count = doors["change"]
    clients = [client_as(responder), client_as(responder)]
    typed = typed | {"form_key": drawn(clients[0], page)}
    ready, places = threading.Barrier(2), list[str]()

    def send(client: Client) -> None:
        try:
            ready.wait()
            places.append(client.post(to, typed)["Location"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[one]) for one in clients]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert count() == 1
    assert len(places) == 2 and len(set(places)) == 1
