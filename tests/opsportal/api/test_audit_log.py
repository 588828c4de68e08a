"""The audit log as programs read it."""

import pytest

from opsportal.audit import actions
from opsportal.models import AuditEvent

pytestmark = pytest.mark.django_db
LOG = "/api/v1/audit"


def test_it_is_read_page_by_page_and_each_reading_leaves_a_line(program, admin):
    for number in range(3):
        actions.record("rota.end", by="responder", object=f"rota-{number}")
    script = program(admin, "audit:read")

    first = script.get(f"{LOG}?act=rota&limit=2").json()
    rest = script.get(f"{LOG}?act=rota&limit=2&cursor={first['next']}").json()

    assert [one["object"] for one in (*first["items"], *rest["items"])] == ["rota-2", "rota-1", "rota-0"]
    assert (rest["next"], first["items"][0]["actor"], first["items"][0]["result"]) == (None, "responder", "ok")
    read = AuditEvent.objects.filter(act="audit.read", actor="admin", source="api").order_by("id")
    assert [one.object for one in read] == ["act=rota time=30d"] * 2


@pytest.mark.parametrize(("asked", "number"), [("result=denied", 1), ("actor=viewer", 1), ("act=rota", 0)])
def test_it_is_narrowed_as_on_the_screen(program, admin, asked, number):
    actions.record("user.role", by="viewer", result=AuditEvent.Result.DENIED)

    assert len(program(admin, "audit:read").get(f"{LOG}?{asked}").json()["items"]) == number


def test_what_is_not_understood_is_said(program, admin):
    assert program(admin, "audit:read").get(f"{LOG}?time=2h").status_code == 422
