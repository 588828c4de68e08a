"""Decisions, corrections, removals, pins: rows, clocks, refusals, raw SQL, seals and two people at once."""

from functools import partial
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from incidents.obligations.models import Obligation
from incidents.postmortems import drafting
from incidents.response import (
    actions,
    channel,
    checklist,
    corrections,
    decisions,
    duties,
    pins,
    redactions,
    timeline,
    wording,
)
from incidents.response.models import Incident, Pin, TimelineEvent, TimelineText
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.seals.actions import seal_everything
from tests import engines
from tests.incidents.cast import AT, SECRET, fire, minutes, open_incident
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(incident: Incident, responder: User) -> TimelineEvent:
    return actions.post_note(incident, text="Provider B is down", by=responder, at=minutes(1))


def correct(event: TimelineEvent, by: User, text: str = "Provider A is down", **changes: Any) -> TimelineEvent:
    words: dict[str, Any] = {"text": text, "reason": "Wrong letter", "seen": 0, "at": minutes(5)}
    return corrections.correct(event, by=by, **words | changes)


def redact(event: TimelineEvent, by: User, **changes: Any) -> TimelineEvent:
    words: dict[str, Any] = {"reason": "A name in it", "at": minutes(5)}
    return redactions.redact(event, by=by, **words | changes)


def code(act: Any) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.code


def verified() -> tuple[bool, str]:
    """Whether every chain of timelines is whole after a sealer went over it, and its line."""
    seal_everything()
    out = StringIO()
    try:
        call_command("timeline_verify", stdout=out, stderr=StringIO())
    except SystemExit as end:
        return end.code == 0, out.getvalue()
    return True, out.getvalue()


def clock() -> list[tuple[object, ...]]:
    """Running looks back."""
    return list(Obligation.objects.open().filter(kind="check_back").values_list("subject", "due_at", "owner"))


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_with_a_look_back_starts_a_clock_of_who_decided(incident, responder):
    event = decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(20))

    assert (event.kind, event.text.body, event.check_back_at) == ("decision", "Fail over", minutes(20))
    assert clock() == [(incident.label, minutes(20), "responder")]


def test_a_decision_without_one_starts_none(incident, responder):
    decisions.decide(incident, text="Wait for provider B", by=responder, at=AT)

    assert clock() == []


def test_the_clock_stands_on_the_earliest_look_and_then_on_the_next(incident, responder, publisher):
    later = decisions.decide(incident, text="Double the workers", by=publisher, at=AT, check_back_at=minutes(40))
    sooner = decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(10))
    assert clock() == [(incident.label, minutes(10), "responder")]

    said = decisions.answer(sooner, outcome="worked", note="Errors at 0.2 %", by=responder, at=minutes(9))

    assert (said.new, said.corrects, said.text.body) == ("worked", sooner, "Errors at 0.2 %")
    assert clock() == [(incident.label, minutes(40), "publisher")]
    decisions.answer(later, outcome="failed", note="Backlog grows", by=responder, at=minutes(50))
    assert clock() == []
    assert Obligation.objects.filter(kind="check_back").exclude(met_at=None).count() == 2


def test_answering_a_later_decision_first_leaves_the_clock_of_the_earlier(incident, responder):
    decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(10))
    later = decisions.decide(incident, text="Double the workers", by=responder, at=AT, check_back_at=minutes(40))

    decisions.answer(later, outcome="worked", note="Backlog is gone", by=responder, at=minutes(5))

    assert clock() == [(incident.label, minutes(10), "responder")]


def test_waiving_takes_the_earliest_and_the_next_takes_its_place(incident, responder):
    first = decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(10))
    decisions.decide(incident, text="Double the workers", by=responder, at=AT, check_back_at=minutes(40))

    event = actions.waive(incident, kind="check_back", reason="Taken back already", by=responder, at=minutes(2))

    assert (event.kind, event.new, event.corrects) == ("decision", "waived", first)
    assert clock() == [(incident.label, minutes(40), "responder")]
    assert Obligation.objects.get(kind="check_back", waived_by=responder).reason == "Taken back already"


def test_what_a_decision_refuses(incident, responder, note):
    decision = decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(10))
    answered = {"outcome": "worked", "note": "Good", "by": responder, "at": minutes(5)}
    said = {"by": responder, "at": AT}

    assert code(lambda: decisions.decide(incident, text=" ", **said)) == "TEXT_MISSING"
    assert code(lambda: decisions.decide(incident, text="Go", check_back_at=AT, **said)) == "CHECK_BACK_PAST"
    assert code(lambda: decisions.decide(incident, text=SECRET, **said)) == "PRIVACY_BLOCKED"
    assert code(lambda: decisions.decide(incident, text="Go", occurred_at=minutes(9), **said)) == "TIME_IN_FUTURE"
    assert code(lambda: decisions.answer(note, **answered)) == "NO_DECISION"
    assert code(lambda: decisions.answer(decision, **answered | {"note": ""})) == "NOTE_MISSING"
    assert code(lambda: decisions.answer(decision, **answered | {"outcome": "waived"})) == "OUTCOME_UNKNOWN"
    answer = decisions.answer(decision, **answered)
    assert code(lambda: decisions.answer(decision, **answered)) == "ALREADY_ANSWERED"
    assert code(lambda: decisions.answer(answer, **answered)) == "NO_DECISION"
    assert code(lambda: actions.waive(incident, kind="check_back", reason="No", **said)) == "CLOCK_STOPPED"


# --- corrections ------------------------------------------------------------------------------------------------------


def test_a_correction_is_a_new_row_and_the_old_one_stays(note, publisher):
    event = correct(note, publisher)

    now = wording.of_one(note)
    assert (event.kind, event.corrects, event.actor) == ("correction", note, publisher)
    assert (now.written, now.text) == ("Provider B is down", "Provider A is down")
    assert now.correction is not None
    assert (now.correction.reason, now.correction.words) == ("Wrong letter", "Provider A is down")
    assert verified()[0]


def test_the_newest_correction_counts(note, publisher):
    first = correct(note, publisher)
    correct(note, publisher, "Provider C is down", seen=first.pk)

    assert wording.of_one(note).text == "Provider C is down"


def test_correcting_the_declaration_corrects_the_summary(incident, responder):
    correct(incident.timeline.get(kind="incident.declared"), responder, "64 % captured")

    assert Incident.objects.get().summary == "64 % captured"


def test_reports_are_drafted_from_the_corrected_words(incident, responder):
    event = actions.change_status(incident, to="identified", note="Provider B is down", by=responder, at=minutes(2))
    correct(event, responder)

    assert drafting.texts(incident)["root_cause"] == "Provider A is down"


def test_what_a_correction_refuses(incident, note, responder):
    correction = correct(note, responder)
    tick = actions.acknowledge(incident, by=responder, at=minutes(2))

    assert code(lambda: correct(note, responder, "Provider C", seen=0)) == "CHANGED_MEANWHILE"
    assert code(lambda: correct(note, responder, " ", seen=correction.pk)) == "TEXT_MISSING"
    assert code(lambda: correct(note, responder, "C", seen=correction.pk, reason=" ")) == "REASON_MISSING"
    assert code(lambda: correct(note, responder, "Provider A is down", seen=correction.pk)) == "TEXT_UNCHANGED"
    assert code(lambda: correct(note, responder, SECRET, seen=correction.pk)) == "PRIVACY_BLOCKED"
    assert code(lambda: correct(note, responder, "C", seen=correction.pk, reason=SECRET)) == "PRIVACY_BLOCKED"
    assert code(lambda: correct(correction, responder)) == "NOT_CORRECTABLE"
    assert code(lambda: correct(tick, responder)) == "NOT_CORRECTABLE"
    assert code(lambda: correct(incident.timeline.get(kind="role"), responder)) == "NOT_CORRECTABLE"
    assert code(lambda: correct(fire().room.timeline.get(kind="alert"), responder)) == "NOT_CORRECTABLE"


# --- removals ---------------------------------------------------------------------------------------------------------


def test_words_go_and_the_row_its_hash_and_the_chain_stay(note, responder):
    digest = note.text_digest

    removal = redact(note, responder)

    assert (removal.kind, removal.corrects, removal.text.body) == ("redaction", note, "A name in it")
    assert not TimelineText.objects.filter(event=note).exists()
    assert TimelineEvent.objects.get(pk=note.pk).text_digest == digest
    assert verified()[0]
    line = AuditEvent.objects.get(act="timeline.redact")
    assert (line.actor, line.object) == ("responder", f"INC-1 event {note.pk}")
    assert line.reason == "A name in it"


def test_removing_what_was_declared_takes_the_summary_too(incident, publisher):
    declared = incident.timeline.get(kind="incident.declared")
    correction = correct(declared, publisher, "64 % captured")

    redact(correction, publisher)

    assert Incident.objects.get().summary == ""
    assert wording.of_one(declared).written == "71.4 % of 1,310 captured, floor 97 %"


def test_removing_why_a_step_was_left_out_takes_it_out_of_the_checklist(incident, publisher, client_as):
    step, other = incident.checklist.order_by("position")[:2]
    for one, reason in ((step, "Mrs Quagga does it"), (other, "Not here")):
        checklist.skip(one, reason=reason, by=publisher, at=minutes(2))

    redact(incident.timeline.get(kind="checklist", text__body__endswith="Mrs Quagga does it"), publisher)

    step.refresh_from_db()
    other.refresh_from_db()
    assert (step.skipped_by, step.skip_reason, other.skip_reason) == (publisher, "", "Not here")
    page = client_as(publisher).get(incident.get_absolute_url()).content.decode()
    assert "Quagga" not in page and "The reason was removed." in page and "Not here" in page


def test_removing_the_link_of_the_chat_takes_it_out_of_the_head(incident, publisher):
    first, second = (
        channel.set_channel(incident, url=f"https://chat.example/{one}", by=publisher, at=minutes(2)) for one in "ab"
    )

    redact(first, publisher)
    assert Incident.objects.get().channel_url == "https://chat.example/b"
    redact(second, publisher)

    assert Incident.objects.get().channel_url == ""


def test_removing_why_a_clock_was_stopped_takes_it_from_the_clock(incident, publisher):
    event = duties.say_no_public_impact(incident, reason="Only Mrs Quagga", by=publisher, at=minutes(2))

    redact(event, publisher)

    assert not Obligation.objects.filter(reason__contains="Quagga").exists()


def test_removing_the_old_words_leaves_the_corrected_ones(note, responder):
    correct(note, responder)

    redact(note, responder)

    now = wording.of_one(note)
    assert (now.written, now.text) == ("", "Provider A is down")


def test_who_may_remove_what(incident, note, responder, publisher, admin, viewer):
    other = User.objects.add("second", responder.role)
    theirs = [timeline.record(incident, "note", by=responder, at=minutes(1), text=str(one)) for one in range(2)]

    for person, at in ((other, 2), (viewer, 2), (responder, 17)):
        with pytest.raises(Denied):
            redact(note, person, at=minutes(at))
    redact(note, responder, at=minutes(16))
    redact(theirs[0], publisher, at=minutes(900))
    redact(theirs[1], admin, at=minutes(900))


def test_what_a_removal_refuses(incident, note, publisher):
    silent = incident.timeline.get(kind="role")

    assert code(lambda: redact(silent, publisher)) == "NO_WORDS"
    assert code(lambda: redact(note, publisher, reason=" ")) == "REASON_MISSING"
    assert code(lambda: redact(note, publisher, reason=SECRET)) == "PRIVACY_BLOCKED"
    assert TimelineText.objects.filter(event=note).exists()
    removal = redact(note, publisher)
    assert code(lambda: redact(note, publisher)) == "ALREADY_REMOVED"
    assert code(lambda: redact(removal, publisher)) == "NOT_REDACTABLE"


@pytest.mark.django_db(transaction=True)
def test_words_that_vanish_without_a_removal_break_the_chain(responder):
    incident = open_incident(responder)
    gone, removed = (
        actions.post_note(incident, text=words, by=responder, at=minutes(1)) for words in ("Stays", "Goes")
    )
    redact(removed, responder)
    assert verified()[0]

    is_whole, line = _without_triggers("DELETE FROM incidents_timelinetext WHERE event_id = %s", gone)

    assert not is_whole
    assert line.strip() == f"timeline_verify status=fail first_bad={gone.pk}"


@pytest.mark.django_db(transaction=True)
def test_other_words_in_the_place_of_removed_ones_break_the_chain(responder):
    incident = open_incident(responder)
    note = actions.post_note(incident, text="Goes", by=responder, at=minutes(1))
    redact(note, responder)

    is_whole, _ = _without_triggers("INSERT INTO incidents_timelinetext VALUES (%s, 'salt', 'All is well')", note)

    assert not is_whole


def _without_triggers(statement: str, event: TimelineEvent) -> tuple[bool, str]:
    """What the owner of the tables can do, and what verification says of it."""
    with psycopg.connect(engines.current().owner_url(), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement, [event.pk])
    return verified()


RAW = (
    "UPDATE incidents_timelinetext SET body = 'x' WHERE event_id = {}",
    "DELETE FROM incidents_timelinetext WHERE event_id = {}",
    "DELETE FROM incidents_timelineevent WHERE id = {}",
    # A table of the same name in front of the real one.
    "CREATE TEMP TABLE incidents_timelineevent AS SELECT {} AS corrects_id, 'redaction' AS kind;"
    " SET LOCAL search_path = pg_temp, public; DELETE FROM public.incidents_timelinetext",
    "ALTER TABLE incidents_timelinetext DISABLE TRIGGER append_only_delete",
    "DROP TRIGGER append_only_delete ON incidents_timelinetext",
    "CREATE OR REPLACE FUNCTION incidents_timelinetext_delete() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN OLD; END $$",
)


@pytest.mark.parametrize("statement", RAW)
def test_the_application_cannot_remove_words_by_raw_sql_without_saying_so(note, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(note.pk))

    assert TimelineText.objects.get(event=note).body == "Provider B is down"


def test_a_removal_opens_the_way_for_its_row_alone(incident, note, responder):
    other = actions.post_note(incident, text="Stays", by=responder, at=minutes(1))
    redact(note, responder)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM incidents_timelinetext")

    assert TimelineText.objects.filter(event=other).exists()


# --- two people at once -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_words_that_are_removed_never_come_back_with_a_correction(responder, publisher):
    incident = open_incident(responder)
    for number in range(20):
        note = actions.post_note(incident, text=f"Ann said {number}", by=responder, at=minutes(1))

        results = at_once(
            partial(correct, note, responder, f"Ann said {number}!"),
            partial(redact, note, publisher),
        )

        now = wording.of_one(note)
        assert now.removal is not None and now.written == ""
        if isinstance(results[0], Conflict):
            assert now.correction is None
        else:
            assert now.correction is not None and now.correction.pk < now.removal.pk
    assert verified()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [lambda note, by: correct(note, by), lambda note, by: redact(note, by)])
def test_of_two_who_change_the_same_words_one_is_told(publisher, admin, act):
    note = actions.post_note(open_incident(publisher), text="Provider B", by=publisher, at=minutes(1))

    results = at_once(*[lambda by=by: act(note, by) for by in (publisher, admin)])

    assert sum(isinstance(one, Refused) for one in results) == 1
    assert note.corrections.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_to_a_decision_one_is_told(responder, publisher):
    incident = open_incident(responder)
    decision = decisions.decide(incident, text="Fail over", by=responder, at=AT, check_back_at=minutes(9))
    said: dict[str, Any] = {"outcome": "worked", "note": "Good", "at": minutes(5)}

    results = at_once(*[lambda by=by: decisions.answer(decision, by=by, **said) for by in (responder, publisher)])

    assert [one.code for one in results if isinstance(one, Refused)] == ["ALREADY_ANSWERED"]


# --- pins -------------------------------------------------------------------------------------------------------------


def test_a_pin_moves_the_room_on_and_leaves_the_chain_alone(incident, note, responder):
    before = Incident.objects.get().version

    pins.pin(note, by=responder, at=minutes(2))
    pins.pin(note, by=responder, at=minutes(2))

    assert Pin.objects.get().pinned_by == responder
    assert Incident.objects.get().version == before + 1
    pins.unpin(note)
    pins.unpin(note)
    assert not Pin.objects.exists()
    assert Incident.objects.get().version == before + 2
    assert verified()[0]


def test_no_more_than_five_rows_are_pinned(incident, responder):
    notes = [actions.post_note(incident, text=str(one), by=responder, at=AT) for one in range(6)]
    for note in notes[:5]:
        pins.pin(note, by=responder, at=AT)

    assert code(lambda: pins.pin(notes[5], by=responder, at=AT)) == "PINS_FULL"
