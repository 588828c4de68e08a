"""The card of what belongs together, and the dialogs that link, merge and split."""

from typing import Any

import pytest
from django.test import Client

from incidents.response import linking
from incidents.response.models import Incident, IncidentLink
from opsportal.models import User
from tests.incidents.cast import AT, SECRET, cost, domain, fire, minutes, open_incident

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def other(responder: User) -> Incident:
    """A second SEV-2 of Payments."""
    return open_incident(responder, title="Checkout answers 502", at=minutes(5))


@pytest.fixture
def merged(incident: Incident, other: Incident, responder: User) -> Incident:
    """The second one, merged into the first."""
    linking.merge(other, into=incident, reason="Same provider", by=responder, at=minutes(9))
    return Incident.objects.get(pk=other.pk)


def address(incident: Incident, act: str = "") -> str:
    return f"/incidents/INC-{incident.number}/{act}"


def page(client: Client, path: str, **headers: Any) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


# --- acts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["INC-2", "inc-2 ", "2"])
def test_a_number_is_enough_to_link(client_as, responder, incident, other, number):
    answer = client_as(responder).post(address(incident, "link/"), {"other": number, "relation": "follows"})

    assert (answer.status_code, answer["Location"]) == (302, address(incident))
    assert IncidentLink.objects.get().other == other


@pytest.mark.parametrize("number", ["", "INC-99", "next", "INC-1", "٢", "9" * 12])
def test_what_is_no_other_incident_comes_back_with_words(client_as, responder, incident, other, number):
    data = {"other": number, "relation": "related"}

    answer = client_as(responder).post(address(incident, "link/"), data, headers=HTMX)

    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert not IncidentLink.objects.exists()


def test_an_address_fills_in_which_incident(client_as, responder, incident, other):
    form = page(client_as(responder), address(incident, "link/?other=INC-2&relation=follows"))

    assert 'value="INC-2"' in form
    assert '<option value="follows" selected>' in form
    assert "Checkout answers 502" in form


def test_merging_leads_to_the_room_where_it_goes_on(client_as, responder, incident, other):
    data = {"other": "INC-1", "reason": "Same provider"}

    answer = client_as(responder).post(address(other, "merge/"), data, follow=True)

    assert answer.redirect_chain == [(address(incident), 302)]
    assert "INC-2 was merged into INC-1, which is here." in answer.content.decode()
    assert Incident.objects.get(pk=other.pk).merged_into == incident


def test_a_refused_merge_keeps_the_words(client_as, responder, incident, other):
    Incident.objects.filter(pk=incident.pk).update(severity_peak="SEV-3")

    answer = client_as(responder).post(address(other, "merge/"), {"other": "INC-1", "reason": "Same provider"})

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "INC-2 was SEV-2 and INC-1 only SEV-3" in shown
    assert "Same provider</textarea>" in shown


def test_a_secret_in_the_reason_comes_back_without_it(client_as, responder, incident, other):
    answer = client_as(responder).post(address(other, "merge/"), {"other": "INC-1", "reason": f"Saw {SECRET}"})

    assert answer.status_code == 422
    assert "hunter2" not in answer.content.decode()
    assert Incident.objects.get(pk=other.pk).merged_into is None


def test_splitting_and_unlinking_ask_first(client_as, responder, incident, merged):
    client = client_as(responder)
    linking.link(incident, merged, relation="related", by=responder, at=AT)
    assert "Split INC-2 from INC-1?" in page(client, address(merged, "split/"))
    assert "Take away the link to INC-2?" in page(client, address(incident, "unlink/2/"))

    client.post(address(incident, "unlink/2/"))
    client.post(address(merged, "split/"), {"reason": "Two providers"})

    assert not IncidentLink.objects.exists()
    assert Incident.objects.get(pk=merged.pk).merged_into is None


@pytest.mark.parametrize(
    ("more", "link"), [({}, ["follows INC-1"]), ({"nature": "security"}, []), ({"follows": "x"}, [])]
)
def test_a_follow_up_is_declared_from_the_room(client_as, responder, incident, more, link):
    client = client_as(responder)
    address_of_form = "/incidents/new/?follows=INC-1&amp;domain=payments&amp;severity=SEV-2"
    assert address_of_form in page(client, address(incident, "related/"))
    form = page(client, address_of_form.replace("&amp;", "&"))
    assert 'name="follows" value="INC-1"' in form

    data = {"title": "Captures booked twice", "severity": "SEV-3", "domain": "payments", "follows": "INC-1"}
    answer = client.post("/incidents/new/", data | more)

    assert (answer.status_code, answer["Location"]) == (302, "/incidents/INC-2/")
    told = Incident.objects.get(number=2).timeline.filter(kind="link")
    assert list(told.values_list("new", flat=True)) == link


@pytest.mark.parametrize("act", ["link/", "unlink/2/", "merge/", "split/"])
def test_a_viewer_neither_links_nor_merges(client_as, viewer, incident, merged, act):
    client = client_as(viewer)

    for answer in (client.get(address(incident, act)), client.post(address(incident, act), {"other": "INC-2"})):
        assert answer.status_code == 403


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_a_merged_room_shows_the_way_and_stays_readable(client_as, responder, viewer, merged):
    for person, may_split in ((responder, True), (viewer, False)):
        room = page(client_as(person), address(merged))
        assert "Merged into INC-1" in room
        assert f'href="{address(merged)[:-2]}1/"' in room
        assert "merged this incident into" in room
        assert ("Split again" in room) == may_split
        assert "Post update" not in room


def test_the_card_names_what_belongs_together(client_as, responder, incident, merged):
    before, later = open_incident(responder, title="Older one"), open_incident(responder, domain=domain("backend"))
    linking.link(later, incident, relation="follows", by=responder, at=AT)
    newest = open_incident(responder)

    own = page(client_as(responder), address(incident, "related/"), **HTMX)
    assert "INC-2 Checkout answers 502" in own
    assert "Merged into this one" in own
    assert f"{later.label} EU card payments failing" in own
    assert "Follows from this incident" in own
    assert "Before in" not in own
    its = page(client_as(responder), address(newest, "related/"))
    assert [label in its for label in (before.label, incident.label, merged.label, later.label)] == [
        True, True, False, False,
    ]  # fmt: skip


def test_hidden_incidents_are_no_relatives_for_a_viewer(client_as, responder, viewer, incident, other):
    linking.link(other, incident, relation="related", by=responder, at=AT)
    Incident.objects.filter(pk=incident.pk).update(nature="security")

    seen = {person: page(client_as(person), address(other, "related/")) for person in (responder, viewer)}

    assert "INC-1 EU card" in seen[responder]
    assert "EU card" not in seen[viewer]
    assert client_as(viewer).get(address(incident, "related/")).status_code == 404
    assert client_as(viewer).get(address(incident, "alerts/")).status_code == 404


def test_the_alerts_card_has_the_merged_ones_and_what_fires_in_the_domain(client_as, responder, viewer, incident):
    taken, before = fire(title="Capture share low"), fire(dedup_key="check:slow", title="Captures take long")
    linking.merge(before.room, into=taken.room, reason="The same", by=responder, at=AT)
    linking.merge(taken.room, into=incident, reason="The same", by=responder, at=AT)
    fire(dedup_key="check:feed", title="Feed is empty", domain_id=domain().pk)
    fire(dedup_key="check:page", title="Elsewhere")

    card = page(client_as(viewer), address(incident, "alerts/"), **HTMX)

    assert "<html" not in card
    assert "Capture share low" in card
    assert "Captures take long" in card
    assert "Feed is empty" in card
    assert "Elsewhere" not in card


def test_the_cards_cost_the_same_however_much_there_is(client_as, responder, incident, other):
    client = client_as(responder)
    fire(domain_id=domain().pk)
    linking.link(other, incident, relation="related", by=responder, at=AT)
    client.get("/more/")  # what the first page of a session asks for besides
    few = [cost(client, address(other, act)) for act in ("related/", "alerts/")]
    for number in range(4):
        linking.link(open_incident(responder), other, relation="follows", by=responder, at=AT)
        alert = fire(dedup_key=f"check:{number}", domain_id=domain().pk)
        linking.merge(alert.room, into=other, reason="The same", by=responder, at=minutes(6))

    assert [cost(client, address(other, act)) for act in ("related/", "alerts/")] == few == [4, 2]
