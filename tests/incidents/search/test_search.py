"""Search finds by words, numbers and handles, and shows where."""

import pytest

from incidents.response import actions
from incidents.search.queries import Piece, pieces, search
from tests.incidents.cast import minutes, open_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(responder):
    incident = open_incident(responder, title="Exports are empty", summary="Nightly export wrote 0 rows")
    actions.post_note(incident, text="Restarted the reporting database", by=responder, at=minutes(1))
    return incident


@pytest.mark.parametrize("words", ["export", "exporting", "INC-1", "inc-1", "1", '"nightly export"', "empty -database"])
def test_an_incident_is_found_by_its_words_and_its_number(story, words):
    assert search(words).incidents == [story]


def test_a_title_outranks_a_summary(story, responder):
    other = open_incident(responder, title="Search slow", summary="Also the exports are late")

    assert search("exports").incidents == [story, other]


def test_words_of_a_timeline_are_found_with_their_place_marked(story):
    (hit,) = search("databases").texts

    assert hit.incident == story
    assert Piece("database", is_hit=True) in hit.pieces


@pytest.mark.parametrize("words", ["payments", "@payments-oncall", "Pay"])
def test_a_domain_is_found_by_name_and_handle(words):
    assert [one.slug for one in search(words).domains] == ["payments"]


@pytest.mark.parametrize("words", ["", "   ", "zebra", "' OR 1=1 --", "((", "\\", "é" * 300])
def test_nothing_is_found_for_nothing_and_odd_words_are_harmless(story, words):
    assert search(words).total == 0


def test_a_headline_is_cut_at_its_marks():
    assert pieces("a \x02b\x03 c") == [Piece("a ", False), Piece("b", True), Piece(" c", False)]


def test_hostile_words_are_shown_as_text(client_as, viewer, responder):
    open_incident(responder, title="<script>alert(1)</script> export")

    page = client_as(viewer).get("/search/?q=export<b>").content.decode()

    assert "<script>alert(1)" not in page
    assert "export<b>" not in page


def test_every_state_of_the_page(client_as, viewer, story):
    client = client_as(viewer)

    assert "What are you looking for?" in client.get("/search/").content.decode()
    assert "Nothing found" in client.get("/search/?q=zebra").content.decode()
    assert "Exports are empty" in client.get("/search/?q=export").content.decode()
