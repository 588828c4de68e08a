"""Whoever owns the tables can change them. The chain says so, and which row."""

from io import StringIO

import pytest
from django.core.management import call_command

from incidents.response import timeline
from incidents.response.states import Kind
from opsportal.audit import actions as audit
from opsportal.audit.chain import CHAIN
from opsportal.models import AuditEvent, Seal
from opsportal.seals import actions, heads
from opsportal.seals.chains import Chain
from opsportal.seals.verify import Fault, verify
from tests.incidents.cast import minutes, open_incident

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows() -> list[int]:
    """Ids of ten sealed rows of the audit log."""
    ids = [audit.record("user.role", by="admin", object=f"person-{number}").pk for number in range(10)]
    actions.seal_recent()
    return ids


def check() -> tuple[int | None, Fault | None]:
    report = verify(CHAIN, heads.read(heads.file()))
    return report.first_bad, report.fault


def test_an_untouched_log_is_whole(rows):
    assert check() == (None, None)


def test_an_edited_row_is_named(rows, owner):
    owner.execute("UPDATE opsportal_auditevent SET actor = 'somebody else' WHERE id = %s", [rows[4]])

    assert check() == (rows[4], Fault.CHANGED)


@pytest.mark.parametrize("column", ["at", "actor", "act", "object", "reason", "result", "request_id", "source"])
def test_every_column_is_sealed(rows, owner, column):
    value = "now()" if column == "at" else "'x'"
    owner.execute(f"UPDATE opsportal_auditevent SET {column} = {value} WHERE id = %s", [rows[2]])

    assert check() == (rows[2], Fault.CHANGED)


def test_every_column_of_both_tables_stands_in_its_chain():
    from incidents.response.chain import CHAIN as TIMELINE

    for chain in (CHAIN, TIMELINE):
        columns = {field.attname for field in chain.model._meta.concrete_fields}
        assert columns == set(chain.forms[-1]), "a new column needs a new form at the end of the chain's list"


def test_rows_of_before_there_was_a_door_still_verify_and_still_tell(monkeypatch, owner):
    with monkeypatch.context() as before:
        before.setattr(Chain, "newest_form", property(lambda chain: 0))
        old = [audit.record("user.role", by="admin").pk for _ in range(3)]
        actions.seal_recent()
    new = audit.record("user.role", by="admin").pk
    actions.seal_recent()

    assert check() == (None, None)
    owner.execute("UPDATE opsportal_auditevent SET source = 'web' WHERE id = %s", [new])
    assert check() == (new, Fault.CHANGED)
    owner.execute("UPDATE opsportal_auditevent SET actor = 'x' WHERE id = %s", [old[1]])
    assert check() == (old[1], Fault.CHANGED)


def test_the_first_of_several_bad_rows_is_named(rows, owner):
    owner.execute("UPDATE opsportal_auditevent SET reason = 'x' WHERE id = ANY(%s)", [[rows[7], rows[3]]])

    assert check() == (rows[3], Fault.CHANGED)


def test_a_deleted_row_is_named(rows, owner):
    owner.execute("DELETE FROM opsportal_auditevent WHERE id = %s", [rows[5]])

    assert check() == (rows[5], Fault.GONE)


def test_a_row_deleted_with_its_seal_leaves_a_gap(rows, owner):
    owner.execute("DELETE FROM opsportal_auditevent WHERE id = %s", [rows[5]])
    owner.execute("DELETE FROM opsportal_seal WHERE row_id = %s AND chain = 'audit'", [rows[5]])

    assert check() == (rows[6], Fault.GAP)


def test_rows_that_swapped_places_are_named(rows, owner):
    owner.execute(
        "UPDATE opsportal_auditevent a SET actor = b.actor, object = b.object, at = b.at FROM opsportal_auditevent b "
        "WHERE (a.id, b.id) IN ((%(one)s, %(two)s), (%(two)s, %(one)s))",
        {"one": rows[2], "two": rows[6]},
    )

    assert check() == (rows[2], Fault.CHANGED)


def test_seals_that_swapped_places_are_named(rows, owner):
    owner.execute(
        "UPDATE opsportal_seal SET row_id = -row_id WHERE chain = 'audit' AND row_id IN (%s, %s)", [rows[2], rows[6]]
    )
    owner.execute(
        "UPDATE opsportal_seal SET row_id = CASE row_id WHEN %(one)s THEN -%(two)s ELSE -%(one)s END WHERE row_id < 0",
        {"one": -rows[2], "two": -rows[6]},
    )
    owner.execute("UPDATE opsportal_seal SET row_id = abs(row_id)")

    assert check()[1] == Fault.CHANGED


def test_a_tail_that_was_cut_is_seen_against_the_exported_head(rows, owner):
    heads.export()
    cut(owner, rows[6:])

    assert check() == (rows[9], Fault.CUT)


def test_a_tail_that_was_cut_after_the_last_export_is_not_seen_and_the_decision_says_so(rows, owner):
    heads.export()
    later = audit.record("user.role", by="admin").pk
    actions.seal_recent()
    cut(owner, [later])

    assert check() == (None, None)


def test_a_whole_chain_that_was_written_anew_differs_from_the_exported_head(rows, owner):
    heads.export()
    owner.execute("UPDATE opsportal_auditevent SET actor = 'somebody else' WHERE id = %s", [rows[4]])
    owner.execute("DELETE FROM opsportal_seal")
    actions.seal_everything()

    assert check() == (rows[9], Fault.REWRITTEN)


def cut(owner, ids) -> None:
    owner.execute("DELETE FROM opsportal_auditevent WHERE id = ANY(%s)", [ids])
    owner.execute("DELETE FROM opsportal_seal WHERE chain = 'audit' AND row_id = ANY(%s)", [ids])


def test_a_seal_says_nothing_that_could_be_forged_by_another_list_of_columns(rows, owner):
    owner.execute("UPDATE opsportal_seal SET form = 7 WHERE row_id = %s", [rows[1]])

    assert check() == (rows[1], Fault.CHANGED)


@pytest.mark.parametrize("sql", ["UPDATE {} SET seq = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_seals_only_grow(rows, sql):
    from django.db import DatabaseError, connection

    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(sql.format("opsportal_seal"))


# --- timelines --------------------------------------------------------------------------------------------------------


def test_words_that_were_changed_beside_the_event_are_named(responder, owner):
    incident = open_incident(responder)
    note = timeline.record(incident, Kind.NOTE, at=minutes(1), by=responder, text="EU card capture fails")
    actions.seal_everything()
    owner.execute("UPDATE incidents_timelinetext SET body = 'nothing happened' WHERE event_id = %s", [note.pk])

    code, out = run("timeline_verify")

    assert (code, out) == (2, f"timeline_verify status=fail first_bad={note.pk}\n")


def test_words_that_were_removed_are_named(responder, owner):
    incident = open_incident(responder)
    note = timeline.record(incident, Kind.NOTE, at=minutes(1), by=responder, text="EU card capture fails")
    actions.seal_everything()
    owner.execute("DELETE FROM incidents_timelinetext WHERE event_id = %s", [note.pk])

    assert run("timeline_verify") == (2, f"timeline_verify status=fail first_bad={note.pk}\n")


def test_an_event_with_an_old_clock_is_sealed_too(responder):
    open_incident(responder, at=minutes(-60 * 24 * 80))
    actions.seal_recent()

    assert run("timeline_verify")[1].endswith("unsealed=0\n")


# --- the commands -----------------------------------------------------------------------------------------------------


def test_the_command_says_rows_and_what_waits_for_its_seal(rows):
    audit.record("user.role", by="admin")

    assert run("audit_verify") == (0, "audit_verify status=ok rows=11 unsealed=1\n")


def test_the_command_names_the_first_bad_row_and_exits_2(rows, owner):
    owner.execute("UPDATE opsportal_auditevent SET reason = 'x' WHERE id = %s", [rows[4]])

    assert run("audit_verify") == (2, f"audit_verify status=fail first_bad={rows[4]}\n")


def test_the_command_takes_heads_that_were_kept_elsewhere(rows, owner, tmp_path):
    heads.export()
    elsewhere = tmp_path / "copy.jsonl"
    heads.file().rename(elsewhere)
    cut(owner, rows[8:])

    assert run("audit_verify")[0] == 0
    assert run("audit_verify", "--heads", str(elsewhere))[0] == 2


def test_nothing_at_all_is_whole():
    assert not AuditEvent.objects.exists()
    assert not Seal.objects.exists()
    assert run("audit_verify") == (0, "audit_verify status=ok rows=0 unsealed=0\n")
    assert run("timeline_verify") == (0, "timeline_verify status=ok rows=0 unsealed=0\n")


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*words, stdout=out, stderr=StringIO())
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue()
    return 0, out.getvalue()
