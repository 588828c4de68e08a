"""The audit log's screen and export, and what stands in it without anybody asking."""

import csv
import re
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from opsportal.audit import actions as audit
from opsportal.audit import denied, export, queries, views
from opsportal.audit.tasks import verify_chains_for
from opsportal.doctor.examination import examine
from opsportal.models import AuditEvent, Delivery, LeakCount, User
from opsportal.seals.actions import seal_recent
from tests import engines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def reader(client_as, admin) -> Client:
    client: Client = client_as(admin)
    return client


def shown(page) -> list[int]:
    """The numbers of the rows on the page."""
    return [int(number) for number in re.findall(r'<span class="sub mono">(\d+)</span>', page.content.decode())]


def acts(*prefixes: str) -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.order_by("pk").values_list("act", "actor", "object")
    return [row for row in rows if row[0].startswith(prefixes)]


# --- the screen -------------------------------------------------------------------------------------------------------


def test_reading_leaves_one_line(reader):
    reader.get("/audit/?actor=sre-lead&q=hunter2")

    assert acts("audit.") == [("audit.read", "admin", "actor=sre-lead time=30d and words")]


@pytest.mark.parametrize("role", ["viewer", "responder", "publisher"])
@pytest.mark.parametrize("path", ["/audit/", "/audit/export.csv"])
def test_only_admins_read(client_as, viewer, responder, publisher, role, path):
    person = {"viewer": viewer, "responder": responder, "publisher": publisher}[role]

    assert client_as(person).get(path).status_code == 403
    assert acts("audit.") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=ann", {"ann"}),
        ("act=user", {"ann", "ben"}),
        ("act=user.role", {"ann"}),
        ("result=denied", {"cleo"}),
        ("q=statement", {"ben"}),
        ("act=user&actor=ben", {"ben"}),
        ("act=use", set()),
        ("act=%27%20OR&result=nonsense&time=x", {"ann", "ben", "cleo", "admin"}),
    ],
)
def test_filters_stand_in_the_address(reader, query, expected):
    audit.record("user.role", by="ann", object="x")
    audit.record("user.add", by="ben", reason="a statement")
    audit.record("access.denied", by="cleo", result="denied")

    page = reader.get(f"/audit/?{query}")

    assert {row.actor for row in page.context["rows"]} == expected


def test_only_the_asked_time_is_shown(reader, own_folder):
    from datetime import timedelta

    from django.db.models.functions import Now

    AuditEvent.objects.create(act="user.role", actor="long-ago", at=Now() - timedelta(days=10))

    def actors(time: str) -> set[str]:
        return {row.actor for row in reader.get(f"/audit/?time={time}").context["rows"]}

    assert "long-ago" not in actors("7d")
    assert "long-ago" in actors("30d") & actors("all")


def test_pages_go_by_key_so_that_new_rows_shift_nothing(reader):
    ids = [audit.record("user.role", by="ann", object=str(number)).pk for number in range(120)]
    first = reader.get("/audit/?actor=ann")
    audit.record("user.role", by="ann", object="new")

    seen = shown(first)
    while older := re.search(r'href="(\?[^"]*before=\d+)"', first.content.decode()):
        first = reader.get("/audit/" + older[1].replace("&amp;", "&"))
        seen += shown(first)

    assert seen == sorted(ids, reverse=True)


def test_the_page_costs_the_same_for_one_row_and_for_fifty(reader, django_assert_max_num_queries):
    for number in range(60):
        audit.record("user.role", by="ann", object=str(number))

    with django_assert_max_num_queries(24):
        reader.get("/audit/")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "%00", "1e3"])
def test_a_strange_key_shows_the_first_page(reader, before):
    assert reader.get(f"/audit/?before={before}").status_code in {200, 400}


def test_what_people_typed_is_shown_as_text(reader):
    audit.record("user.role", by="ann", object="<script>alert(1)</script>")

    assert "<script>alert" not in reader.get("/audit/").content.decode()


# --- the chain on the screen ------------------------------------------------------------------------------------------


def test_leaks_prevented_this_week_are_shown_by_kind(reader):
    assert "Nothing that may not be kept" in reader.get("/audit/").text
    today = timezone.now().date()
    for day, kind, count in ((today, "private key", 1_204), (today - timedelta(days=6), "password", 2)):
        LeakCount.objects.create(on=day, kind=kind, count=count)
    LeakCount.objects.create(on=today - timedelta(days=7), kind="bearer token", count=9)

    page = reader.get("/audit/").text

    assert "<dt>Private key</dt><dd>1,204</dd><dt>Password</dt><dd>2</dd></dl>" in page
    assert "Bearer token" not in page


def test_verify_now_walks_the_chains_and_the_screen_tells(reader):
    audit.record("user.role", by="ann")
    seal_recent()

    page = reader.post("/audit/verify/", follow=True).content.decode()

    assert "The chain is whole" in page
    assert re.search(r"audit_verify status=ok rows=\d+ unsealed=\d+", page)
    assert re.search(r"timeline_verify status=ok rows=\d+ unsealed=\d+", page)
    assert acts("chain.") == [("chain.verify", "admin", "audit"), ("chain.verify", "admin", "timeline")]


def test_long_chains_are_walked_by_a_worker(reader, monkeypatch):
    woken = []
    monkeypatch.setattr(views, "AT_ONCE", 0)
    monkeypatch.setattr(views, "wake", lambda task, **ids: woken.append((task, ids)))
    audit.record("user.role", by="ann")
    seal_recent()

    reader.post("/audit/verify/")

    assert woken == [("opsportal.verify_chains_for", {"by": "admin"})]


@pytest.mark.django_db(transaction=True)
def test_a_broken_chain_is_an_alarm_on_the_screen(reader):
    row = audit.record("user.role", by="ann").pk
    seal_recent()
    with psycopg.connect(engines.current().owner_url()) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE opsportal_auditevent SET actor = 'x' WHERE id = %s", [row])

    page = reader.post("/audit/verify/", follow=True).content.decode()

    assert "The chain is broken" in page
    assert f"audit_verify status=fail first_bad={row}" in page


@pytest.mark.django_db(transaction=True)
def test_every_admin_hears_of_a_break_once_and_of_the_next_one_again(admin, settings):
    settings.EMAIL_CONFIGURED = True
    User.objects.filter(pk=admin.pk).update(email="admin@example.com")
    first, second = (audit.record("user.role", by="ann", object=name).pk for name in "ab")
    seal_recent()

    def spoil(row: int, name: str) -> None:
        with psycopg.connect(engines.current().owner_url()) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("UPDATE opsportal_auditevent SET object = %s WHERE id = %s", [name, row])

    def heard() -> list[str]:
        verify_chains_for(by="portal")
        return list(Delivery.objects.order_by("pk").values_list("subject", flat=True))

    assert heard() == []
    spoil(second, "x")
    assert heard() == heard() == [f"The audit chain is broken at row {second}"]
    assert [finding.reason for finding in examine() if finding.part == "chains"] == ["broken_audit"]
    with pytest.raises(SystemExit):
        call_command("audit_verify", stdout=StringIO(), stderr=StringIO())
    assert len(heard()) == 1
    spoil(second, "b")
    assert len(heard()) == 1
    spoil(second, "x")
    assert len(heard()) == 2
    spoil(first, "x")
    assert heard()[-1] == f"The audit chain is broken at row {first}"
    assert {one.destination for one in Delivery.objects.all()} == {"admin@example.com"}


def test_the_door_is_shown_and_asked_for(reader):
    audit.record("user.role", by="ann")
    reader.get("/audit/")

    assert {row.act for row in reader.get("/audit/?source=system&actor=ann").context["rows"]} == {"user.role"}
    assert not reader.get("/audit/?source=web&actor=ann").context["rows"]
    assert ">Web</span>" in reader.get("/audit/?source=web").text
    assert [row[-1] for row in table(reader.get("/audit/export.csv?actor=ann"))] == ["source", "system"]


def test_an_export_asks_for_a_recent_sign_in(admin):
    client = Client()
    client.force_login(admin)

    assert client.get("/audit/").status_code == 200
    assert client.get("/audit/export.csv")["Location"].startswith("/account/again/")
    assert acts("audit.") == [("audit.read", "admin", "time=30d")]


# --- export -----------------------------------------------------------------------------------------------------------


def table(answer) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "\tx", "\rx", '="a",b\n'])
def test_no_cell_is_run_by_a_spreadsheet(reader, cell):
    audit.record("user.role", by="ann", object=cell, reason=cell)

    rows = table(reader.get("/audit/export.csv?actor=ann"))

    assert rows[0] == list(export.COLUMNS)
    assert rows[1][4].replace("\r\n", "\n") == f"'{cell}"
    assert rows[1][5].startswith("'")


@pytest.mark.parametrize(
    ("cell", "exported"),
    [("slow;=1+1", "slow;'=1+1"), ("a; @SUM(A1);-2", "a;' @SUM(A1);'-2"), ("a; b", "a; b"), ("a - b", "a - b")],
)
def test_nothing_is_run_where_a_spreadsheet_cuts_at_semicolons(reader, cell, exported):
    audit.record("user.role", by="ann", object="user", reason=cell)

    assert table(reader.get("/audit/export.csv?actor=ann"))[1][5] == exported


def test_the_export_follows_the_filters_and_leaves_one_line(reader):
    audit.record("user.role", by="ann")
    audit.record("user.role", by="ben")

    rows = table(reader.get("/audit/export.csv?actor=ann"))

    assert [row[2] for row in rows[1:]] == ["ann"]
    assert acts("audit.") == [("audit.export", "admin", "actor=ann time=30d")]


def test_the_export_is_bounded_and_asks_in_small_steps(reader, monkeypatch):
    monkeypatch.setattr(queries, "EXPORTED", 25)
    monkeypatch.setattr(queries, "_STEP", 10)
    ids = [audit.record("user.role", by="ann").pk for _ in range(40)]

    rows = table(reader.get("/audit/export.csv?actor=ann"))

    assert [int(row[0]) for row in rows[1:]] == sorted(ids, reverse=True)[:25]


# --- what writes itself -----------------------------------------------------------------------------------------------


def test_a_denied_act_is_recorded_with_who_which_address_and_method(client_as, responder):
    client_as(responder).get("/people/")

    row = AuditEvent.objects.get(act="access.denied")
    assert (row.actor, row.object, row.result) == ("responder", "GET accounts:people", "denied")
    assert len(row.request_id) >= 8


def test_a_form_from_elsewhere_is_recorded(admin):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    assert client.post("/people/role/", {"user": "admin", "role": "viewer"}).status_code == 403
    assert acts("access.") == [("access.denied", "admin", "POST accounts:role")]


def test_strangers_cannot_fill_the_log(monkeypatch):
    monkeypatch.setattr(denied, "STRANGERS_A_MINUTE", 3)
    client = Client(enforce_csrf_checks=True)

    for _ in range(6):
        assert client.post("/login/", {"login": "x", "password": "y"}).status_code == 403

    assert len(acts("access.")) == 3


def test_a_refusal_stays_one_when_it_cannot_be_written_down(client_as, responder, monkeypatch):
    def fail(*_, **__):
        raise DatabaseError

    client = client_as(responder)
    monkeypatch.setattr(audit, "record", fail)

    assert client.get("/people/").status_code == 403


def test_sign_ins_refusals_and_sign_outs_are_recorded(admin):
    admin.set_password("a long walk before the night shift")
    admin.save()
    client = Client()

    client.post("/login/", {"login": "admin", "password": "not this one at all"})
    client.post("/login/", {"login": "hunter2hunter2", "password": "typed into the wrong field"})
    client.post("/login/", {"login": "admin", "password": "a long walk before the night shift"})
    client.post("/logout/")

    assert acts("sign_") == [
        ("sign_in.refused", "admin", ""),
        ("sign_in.refused", "unknown", ""),
        ("sign_in", "admin", ""),
        ("sign_out", "admin", ""),
    ]
    assert not AuditEvent.objects.filter(actor__contains="hunter2").exists()
