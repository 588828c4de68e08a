"""Search finds by words, numbers and handles, and shows where."""

import time
from typing import Any

import pytest
from django.db import connection

from incidents.postmortems.models import Postmortem
from incidents.response import actions, listing, words
from incidents.response.models import Incident
from incidents.search import queries
from incidents.search.queries import Piece, pieces, search
from opsportal.models import User
from tests.incidents.cast import AT, minutes, open_incident

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def story(responder):
    incident = open_incident(responder, title="Exports are empty", summary="Nightly export wrote 0 rows")
    actions.post_note(incident, text="Restarted the reporting database", by=responder, at=minutes(1))
    return incident


@pytest.mark.parametrize("words", ["export", "exporting", "INC-1", "inc-1", "1", '"nightly export"', "empty -database"])
def test_an_incident_is_found_by_its_words_and_its_number(story, words, responder):
    assert search(words, responder).incidents == [story]


def test_a_title_outranks_a_summary(story, responder):
    other = open_incident(responder, title="Search slow", summary="Also the exports are late")

    assert search("exports", responder).incidents == [story, other]


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("surges, [lower the limits](/settings/limits/). 5. **Fall back", "surges, lower the limits. 5. Fall back"),
        ("run `db_verify` and [look](/checks/", "run db_verify and look"),
        ("an array [0] and a (note) stay", "an array [0] and a (note) stay"),
    ],
)
def test_the_signs_of_markdown_are_left_out_of_a_runbooks_words(markdown, plain):
    assert queries.plain(markdown) == plain


def test_words_of_a_timeline_are_found_with_their_place_marked(story, responder):
    (hit,) = search("databases", responder).texts

    assert hit.incident == story
    assert Piece("database", is_hit=True) in hit.pieces


@pytest.mark.parametrize("words", ["payments", "@payments-oncall", "Pay"])
def test_a_domain_is_found_by_name_and_handle(words, responder):
    assert [one.slug for one in search(words, responder).domains] == ["payments"]


@pytest.mark.parametrize("words", ["", "   ", "zebra", "' OR 99=99 --", "((", "\\", "é" * 300])
def test_nothing_is_found_for_nothing_and_odd_words_are_harmless(story, words, responder):
    assert search(words, responder).total == 0


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


# --- reports ----------------------------------------------------------------------------------------------------------


def reported(by: User, **changes: Any) -> Postmortem:
    incident = open_incident(by, **changes)
    return Postmortem.objects.create(
        incident=incident, summary="Nothing was written", root_cause="A cursor without an end", drafted_at=AT
    )


def test_a_report_is_found_by_its_words(client_as, viewer, responder):
    report = reported(responder, title="Exports are empty")

    (hit,) = search("cursors end", viewer).reports
    page = client_as(viewer).get("/search/?q=cursors").content.decode()

    assert hit.report == report
    assert Piece("cursor", is_hit=True) in hit.pieces
    assert f'href="{report.get_absolute_url()}">{report.incident.label} Exports are empty' in page


def test_a_report_about_security_is_found_by_those_who_may_see_it(viewer, responder):
    report = reported(responder)
    Incident.objects.filter(pk=report.incident_id).update(nature="security")

    assert search("cursor", viewer).total == 0
    assert [one.report for one in search("cursor", responder).reports] == [report]


# --- how words become a question --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("expor", True),
        ("nightly exp", True),
        ('"nightly expor', False),  # an open quote is no word that somebody is typing
        ('"nightly export" wrote', True),
        ('"export nightly"', False),
        ("export -nightly", False),
        ("zebra or expor", True),
        ("nightly -", True),
        ("the", False),
    ],
)
def test_the_last_word_may_be_begun_and_quotes_and_minus_hold(story, typed, is_found, responder):
    assert bool(search(typed, responder).incidents) is is_found


HOSTILE = [
    "a" * 10_000, "( " * 5_000, "- " * 5_000, '"' * 9_999, "or " * 3_000, "!&|<->:*'", "'x':*", "\\':*", ":*", "a:*",
    "%" * 500, "\u202e\u0301é", "ª:*", "\U0001f600", "-".join("ab" for _ in range(3_000)), "INC-" * 2_000, "\t\r\n",
    "-" * 199 + "a", "-(" * 90 + "a", '-"' * 90 + "a", '"-" -' * 40, "a - " * 45, "-a " * 60, "+-" * 90 + "a",
    "x" * 39 + "\u0301", "1" * 9_000,
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_words_are_answered_fast_and_find_nothing_by_accident(client_as, viewer, story, typed):
    client, started = client_as(viewer), time.monotonic()

    paths = ("/search/", "/search/top/", "/incidents/")
    answers = [client.get(path, {"q": typed}, headers=HTMX) for path in paths]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert time.monotonic() - started < 30  # a pattern that runs wild takes minutes


@pytest.mark.parametrize("path", ["/search/", "/search/top/", "/incidents/"])
def test_a_nul_is_not_understood(client_as, viewer, path):
    assert client_as(viewer).get(path, {"q": "a\0b"}).status_code == 400


# --- the indexes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def only_by_index(db: None) -> None:
    """PostgreSQL reads few rows faster without one, and what it knows of many depends on when it last counted."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")


def test_every_way_to_search_reads_the_indexes_of_words(only_by_index, responder):
    heads = words.heads(words.question("kestrel")).explain()
    texts = words.texts(words.question("falcon")).explain()
    listed = listing.newest(listing.Filters(words="falcon"), responder).explain()

    assert "incident_words" in heads
    assert "timeline_words" in texts
    assert "timeline_words" in listed
    assert "incident_words" in listed


def test_reports_are_found_by_their_index(only_by_index):
    assert "postmortem_words" in queries.reports_with(words.question("falcon")).explain()
