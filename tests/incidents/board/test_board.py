"""Now: what is open, owed, firing and held, and the good news when nothing is."""

import re

import pytest

from incidents.alerts.actions import receive
from incidents.board import queries
from incidents.ownership.models import Domain
from incidents.response import actions, corrections
from tests.incidents.cast import cost, minutes, news, open_incident

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_a_quiet_night_has_the_good_news_first(client_as, viewer):
    page = client_as(viewer).get("/").content.decode()

    assert "Nothing is open." in page
    assert "No open incidents" in page
    assert "Nothing is late" in page


def test_the_night_is_summed_up_in_one_sentence(responder):
    open_incident(responder)
    open_incident(responder, severity="SEV-3")

    assert queries.board(minutes(1), responder).sentence == "Two incidents open, two duties are late."
    assert queries.board(minutes(16), responder).sentence == "Two incidents open, three duties are late."


def test_the_worst_incident_comes_first_with_its_last_words_and_its_next_duty(responder):
    open_incident(responder, severity="SEV-3", title="Small")
    big = open_incident(responder, severity="SEV-1", title="Big")
    actions.acknowledge(big, by=responder, at=minutes(1))
    actions.post_note(big, text="Moved to B", by=responder, at=minutes(2))

    first, second = queries.board(minutes(3), responder).incidents

    assert first.last and first.owed and second.owed
    assert (first.title, first.last.words, first.owed.kind) == ("Big", "Moved to B", "first_public_update")
    assert (second.title, second.owed.kind) == ("Small", "acknowledge")


def test_of_corrected_words_the_board_says_what_stands_now(responder):
    incident = open_incident(responder)
    note = actions.post_note(incident, text="Share falls to 32 %", by=responder, at=minutes(1))
    corrections.correct(note, text="Share falls to 23 %", reason="Swapped", seen=0, by=responder, at=minutes(2))

    (row,) = queries.board(minutes(3), responder).incidents

    assert row.last and row.last.words == "Share falls to 23 %"


def test_late_duties_lead_to_their_room(responder):
    incident = open_incident(responder)

    late = queries.board(minutes(20), responder).overdue

    assert [(one.number, one.kind) for one in late] == [
        (incident.number, "acknowledge"),
        (incident.number, "first_public_update"),
    ]


def test_firing_alerts_and_gaps_of_the_matrix_show(client_as, viewer):
    receive(news())
    Domain.objects.filter(slug="support").update(primary="")

    page = client_as(viewer).get("/").content.decode()

    assert "API does not answer" in page
    assert "Nobody, then @support-lead" in page


def test_a_poll_is_304_until_something_changes(client_as, responder):
    incident = open_incident(responder)
    client = client_as(responder)
    tag = client.get("/")["HX-PTag"]
    assert client.get("/", headers=HTMX | {"HX-PTag": tag}).status_code == 304

    actions.post_note(incident, text="News", by=responder, at=minutes(1))
    part = client.get("/", headers=HTMX | {"HX-PTag": tag})

    assert part.status_code == 200
    assert re.findall(r'<hx-partial hx-target="([^"]+)"', part.content.decode()) == [
        "#night",
        "#open",
        "#firing",
        "#overdue",
    ]


def test_a_viewer_sees_no_buttons_to_act(client_as, viewer, incident):
    page = client_as(viewer).get("/").content.decode()

    assert "Acknowledge</button>" not in page
    assert "Open room" in page


def test_the_board_costs_the_same_however_bad_the_night(client_as, responder):
    client = client_as(responder)
    open_incident(responder)
    receive(news())
    assert cost(client, "/") == BOARD_QUERIES
    for number in range(10):
        open_incident(responder)
        receive(news(dedup_key=f"check:{number}"))

    assert cost(client, "/") == BOARD_QUERIES


# The tag; open incidents; their clocks with their last words; late duties with alerts and the matrix.
BOARD_QUERIES = 4


def test_the_tag_changes_when_a_clock_passes_its_time(responder):
    open_incident(responder)

    assert queries.version(minutes(1)) == queries.version(minutes(2))
    assert queries.version(minutes(2)) != queries.version(minutes(20))


def test_now_says_the_one_thing_to_do_next_whatever_it_belongs_to(responder):
    small, big = (open_incident(responder, severity=one) for one in ("SEV-3", "SEV-1"))
    actions.acknowledge(big, by=responder, at=minutes(1))

    def next_of(at: float) -> tuple[int, str] | None:
        found = queries.board(minutes(at), responder).next
        return (found.number, found.act.act.value) if found else None

    assert next_of(2) == (small.number, "acknowledge")
    actions.acknowledge(small, by=responder, at=minutes(3))
    assert next_of(4) == (big.number, "first_public_update")
    actions.change_status(big, to="resolved", by=responder, at=minutes(5))
    assert next_of(6) is None
    assert next_of(90) == (big.number, "verification")
    alarm = actions.open_from_alert(title="Ingest", severity="SEV-3", domain=big.domain, at=minutes(91))
    assert next_of(92) == (alarm.number, "acknowledge")


def test_now_has_one_button_for_it_and_none_for_those_who_only_read(client_as, responder, viewer):
    open_incident(responder)

    pages = [client_as(one).get("/").content.decode() for one in (responder, viewer)]

    assert ["Nobody has it yet" in page for page in pages] == [True, True]
    assert [page.count('action="/incidents/INC-1/acknowledge/"') for page in pages] == [2, 0]
