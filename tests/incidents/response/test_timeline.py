"""One door for facts, and no way to change one."""

import hashlib

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from incidents.response import lines, timeline
from incidents.response.lines import line_of
from incidents.response.models import Reaction, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Refused
from tests import engines
from tests.incidents.cast import AT, OPENING, SECRET, minutes, open_incident

pytestmark = pytest.mark.django_db

TABLES = ("incidents_timelineevent", "incidents_timelinetext")
CHANGES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE")


def statements(table: str) -> list[str]:
    column = "kind" if table.endswith("event") else "body"
    return [change.format(table, column, column) for change in CHANGES]


ALL = [statement for table in TABLES for statement in statements(table)]


def test_words_lie_apart_and_the_event_keeps_their_salted_hash(incident, responder):
    event = timeline.record(incident, "note", by=responder, at=AT, text="Moved to provider B")

    salt = event.text.salt
    assert event.text_digest == hashlib.sha256(f"{salt}Moved to provider B".encode()).hexdigest()
    assert len(salt) == 32


def test_the_same_words_have_another_hash_each_time(incident, responder):
    first, second = (timeline.record(incident, "note", by=responder, at=AT, text="Same") for _ in range(2))

    assert first.text_digest != second.text_digest


def test_a_fact_without_words_has_no_text_row(incident, responder):
    event = timeline.record(incident, "incident.acknowledged", by=responder, at=AT)

    assert event.text_digest == ""
    assert not hasattr(event, "text")


def test_every_fact_moves_the_room_on(incident, responder):
    before = incident.version

    timeline.record(incident, "note", by=responder, at=AT, text="One")
    timeline.record(incident, "note", by=responder, at=AT, text="Two")

    incident.refresh_from_db()
    assert incident.version == before + 2


def test_a_row_gets_its_number_under_the_lock_of_its_room(incident, responder):
    with CaptureQueriesContext(connection) as asked:
        timeline.record(incident, Kind.NOTE, by=responder, at=AT, text="Looking")

    writing = [one["sql"].split('"')[1] for one in asked if one["sql"].startswith(("INSERT", "UPDATE"))]
    assert writing == ["incidents_incident", "incidents_timelineevent", "incidents_timelinetext"]


def test_only_kinds_in_the_table_ask_for_a_reaction(incident, responder):
    timeline.record(incident, "note", by=responder, at=AT, text="Nothing follows from this")

    assert list(Reaction.objects.values_list("event__kind", "done_at")) == [("incident.declared", None)]


def test_a_secret_leaves_no_trace(incident, responder):
    with pytest.raises(Refused) as refusal:
        timeline.record(incident, "note", by=responder, at=AT, text=f"It said {SECRET}")

    assert SECRET not in refusal.value.sentence
    assert incident.timeline.count() == len(OPENING)


@pytest.mark.parametrize("statement", ALL)
def test_the_application_cannot_change_a_fact_by_raw_sql(incident, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert incident.timeline.count() == len(OPENING)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ALL)
def test_the_trigger_refuses_the_owner_too(responder, statement):
    open_incident(responder)

    with psycopg.connect(engines.current().owner_url()) as owner, pytest.raises(psycopg.errors.IntegrityError):
        owner.execute(statement)

    assert TimelineEvent.objects.count() == len(OPENING)


def test_a_late_row_shows_both_times_and_a_prompt_one_does_not(incident, responder):
    prompt = timeline.record(incident, "note", by=responder, at=minutes(5), text="Now")
    late = timeline.record(incident, "note", by=responder, at=minutes(5), occurred_at=minutes(1), text="Then")

    assert line_of(prompt, "Now").recorded_at is None
    assert (line_of(late, "Then").occurred_at, line_of(late, "Then").recorded_at) == (minutes(1), minutes(5))


@pytest.mark.parametrize(
    ("kind", "words", "sentence"),
    [
        ("note", {"text": "B"}, ("posted a team update", "", "B")),
        ("status", {"old": "identified", "new": "resolved"}, ("moved the incident from Identified to", "Resolved", "")),
        ("severity", {"old": "SEV-2", "new": "SEV-1"}, ("changed the severity from SEV-2 to", "SEV-1", "")),
        ("severity", {"old": "SEV-2", "new": "SEV-2"}, ("confirmed the severity", "SEV-2", "")),
        ("checklist", {"new": "ticked", "text": "S"}, ("ticked", "S", "")),
        ("checklist", {"new": "unticked", "text": "S"}, ("unticked", "S", "")),
        ("checklist", {"new": "added", "text": "R\nS"}, ("took steps into the checklist from", "R", "S")),
        ("alert", {"new": "firing", "text": "A"}, ("fired:", "A", "")),
        ("alert", {"new": "recovered", "text": "A"}, ("says", "A", "")),
        ("alert", {"new": "acknowledged", "text": "A"}, ("acknowledged the alert", "A", "")),
        ("public_update", {"new": "identified", "text": "P"}, ("published to the status page", "", "P")),
        ("public_removal", {"old": "resolved"}, ("took an update off the status page", "", "")),
        ("incident.acknowledged", {"new": "SEV-2"}, ("acknowledged it as", "SEV-2", "")),
        ("decision", {"text": "D"}, ("decided", "", "D")),
        ("decision", {"new": "failed", "text": "N"}, ("looked back at a decision: it did not work", "", "N")),
        ("correction", {"text": "Why\nNew\nwords"}, ("corrected an earlier row:", "Why", "New\nwords")),
        ("redaction", {"text": "A name"}, ("removed the words of an earlier row", "", "A name")),
        ("check", {"text": "C"}, ("says", "", "C")),
        ("heading", {"new": "title", "text": "Was: A\nNow: B"}, ("rewrote", "the title", "Was: A\nNow: B")),
        ("change", {"new": "done", "text": "v41"}, ("change", "done", "v41")),
        ("change", {"new": "suspect CHG-7", "text": "Then"}, ("suspects the change", "CHG-7", "Then")),
        ("change", {"old": "suspect CHG-7", "text": "DNS"}, ("no longer suspects the change", "CHG-7", "DNS")),
    ],
)  # fmt: skip
def test_every_kind_reads_as_a_sentence(incident, responder, kind, words, sentence):
    event = timeline.record(incident, kind, by=responder, at=AT, **words)

    line = line_of(event, words.get("text", ""))

    assert (line.who, (line.before, line.strong, line.body)) == ("responder", sentence)
    assert line.icon or line.shape


def test_every_kind_has_a_way_to_be_told():
    assert set(lines._WRITERS) == set(Kind)


@pytest.mark.parametrize(
    ("about", "link"),
    [
        ("check:api-health", "/checks/api-health/"),
        ("alert:12", "/alerts/#alert-12"),
        ("change:7", "/changes/CHG-7/"),
        ("deploy:7", ""),
        ("check:not a key", ""),
        ("", ""),
    ],
)
def test_what_a_machine_speaks_of_has_a_link_when_it_has_a_page(incident, about, link):
    event = timeline.record(incident, "check", source="check", at=AT, text="Low", about=about)

    assert line_of(event, "Low").link == link
