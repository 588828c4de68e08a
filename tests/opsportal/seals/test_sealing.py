"""The sealer: late commits, two at a time, backlogs, and heads that leave the house."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections
from django.test import override_settings

from opsportal.audit import actions as audit
from opsportal.audit.chain import CHAIN
from opsportal.models import AuditEvent, Seal
from opsportal.seals import actions, heads
from opsportal.seals.tasks import export_heads, seal
from opsportal.seals.verify import verify
from tests import engines

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def another_transaction():
    """What another process has not committed yet."""
    with psycopg.connect(engines.current().owner_url()) as other:
        yield other


def test_a_row_that_was_committed_late_with_a_lower_id_is_sealed():
    with another_transaction() as other:
        other.execute(
            "INSERT INTO opsportal_auditevent (actor, act, object, reason, result, request_id) "
            "VALUES ('late', 'user.role', '', '', 'ok', '')"
        )
        audit.record("user.role", by="early")
        assert actions.seal_recent() == 1
        other.commit()

    assert actions.seal_recent() == 1
    assert verify(CHAIN, []).token == "audit_verify status=ok rows=2 unsealed=0"


def test_the_window_leaves_out_what_was_sealed_an_hour_ago_and_misses_nothing(owner):
    old = [audit.record("user.role", by="admin").pk for _ in range(5)]
    actions.seal_recent()
    owner.execute("UPDATE opsportal_seal SET at = now() - interval '2 hours'")
    audit.record("user.role", by="admin")

    assert actions._window_start(CHAIN) == old[-1]
    assert actions.seal_recent() == 1


def test_the_hourly_sweep_finds_what_lies_before_the_window(owner):
    rows = [audit.record("user.role", by="admin").pk for _ in range(3)]
    actions.seal_recent()
    owner.execute("UPDATE opsportal_seal SET at = now() - interval '2 hours'")
    owner.execute(
        "INSERT INTO opsportal_auditevent (id, actor, act, object, reason, result, request_id) "
        "VALUES (%s, 'restored', 'user.role', '', '', 'ok', '')",
        [-rows[0]],
    )

    assert actions.seal_recent() == 0
    assert verify(CHAIN, []).unsealed == 1
    assert actions.seal_everything() == 1


def test_a_sealer_that_finds_another_at_work_leaves_at_once():
    audit.record("user.role", by="admin")
    with another_transaction() as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('opsportal.seal'), hashtext('audit'))")

        assert actions.seal_recent() == 0  # one that waited would wait for ever: the other ends after it

    assert actions.seal_recent() == 1


def test_many_writers_and_three_sealers_make_one_gapless_chain():
    stop = threading.Event()
    faults: list[Exception] = []

    def in_thread(work: Callable[[], None]) -> threading.Thread:
        def run():
            try:
                work()
            except Exception as fault:  # noqa: BLE001 - told below, in the test's own thread
                faults.append(fault)
            finally:
                connections.close_all()

        return threading.Thread(target=run)

    def write():
        for number in range(40):
            audit.record("user.role", by="writer", object=str(number))

    def keep_sealing():
        while not stop.is_set():
            actions.seal_recent()

    writers, sealers = [in_thread(write) for _ in range(4)], [in_thread(keep_sealing) for _ in range(3)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    actions.seal_recent()

    assert faults == []
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 161))
    assert verify(CHAIN, []).token == "audit_verify status=ok rows=160 unsealed=0"


def test_a_backlog_is_sealed_in_batches(monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 3)
    for _ in range(8):
        audit.record("user.role", by="admin")

    assert actions.seal_recent() == 8
    assert verify(CHAIN, []).is_whole


def test_an_act_never_waits_for_a_sealer():
    with another_transaction() as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('opsportal.seal'), hashtext('audit'))")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        audit.record("user.role", by="admin")

        assert AuditEvent.objects.filter(act="user.role").count() == 1


def test_the_task_claims_its_second():
    audit.record("user.role", by="one")
    seal()
    audit.record("user.role", by="two")
    seal()

    assert Seal.objects.count() == 1


# --- heads ------------------------------------------------------------------------------------------------------------


def test_heads_are_written_privately_once_and_say_nothing_of_the_rows(own_folder):
    audit.record("user.role", by="somebody", object="somebody-else")
    export_heads()
    heads.export()

    text = heads.file().read_text()
    assert len(text.splitlines()) == 1
    assert set(json.loads(text)) == {"chain", "seq", "row", "digest", "signature"}
    assert "somebody" not in text
    assert heads.file().stat().st_mode & 0o777 == 0o600


def test_the_first_head_of_a_chain_leaves_with_its_first_seal_and_the_next_with_the_hour(owner):
    export_heads()
    audit.record("user.role", by="one")
    seal()
    first = heads.read(heads.file())
    owner.execute(
        "UPDATE opsportal_jobclaim SET claimed_at = now() - interval '2 seconds' WHERE name = 'opsportal.seal'"
    )
    owner.execute("UPDATE opsportal_seal SET at = now() - interval '1 minute'")
    audit.record("user.role", by="two")
    seal()

    assert [(head.chain, head.seq) for head in first] == [("audit", 1)]
    assert heads.read(heads.file()) == first
    assert Seal.objects.count() == 2


def test_another_signing_key_changes_nothing_about_the_chain_and_is_told():
    audit.record("user.role", by="admin")
    actions.seal_recent()
    heads.export()

    with override_settings(SECRET_KEY="another-key-altogether", SECRET_KEY_FALLBACKS=[]):
        forgotten = verify(CHAIN, heads.read(heads.file()))
    report = verify(CHAIN, heads.read(heads.file()))

    assert (report.is_whole, report.heads, report.unsigned_heads) == (True, 1, 0)
    assert (forgotten.is_whole, forgotten.heads, forgotten.unsigned_heads) == (True, 1, 1)


def test_a_key_that_is_still_accepted_still_signs(settings):
    audit.record("user.role", by="admin")
    actions.seal_recent()
    heads.export()

    with override_settings(SECRET_KEY="the-next-key", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert heads.read(heads.file())[0].is_signed


def test_a_line_that_a_power_cut_tore_is_passed_over():
    audit.record("user.role", by="admin")
    actions.seal_recent()
    heads.export()
    with heads.file().open("a") as out:
        out.write('{"chain": "audit", "seq"')

    assert len(heads.read(heads.file())) == 1
