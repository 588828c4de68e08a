"""Operations that only tests have: one that writes, one that lists, and those that fail."""

import time

from django.core.exceptions import PermissionDenied
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, PageQuery, cut
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Refused

router = Router(tags=["Test"])
WRITE = Scoped("incidents:write")


class NoteIn(Schema):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=20)
    count: int = 1
    items: list[int] = []


class NoteOut(Schema):
    number: int
    title: str


@router.post("/notes", response={201: NoteOut}, auth=WRITE)
def write_note(request: ApiRequest, note: NoteIn, slowly: float = 0) -> tuple[int, dict[str, object]] | object:
    event = audit.record("test.note", by=request.auth.user.username, object=note.title)
    time.sleep(slowly)
    if note.title == "refuse":
        raise Refused("TEST_REFUSED", "Not this one.")
    if note.title == "conflict":
        raise Conflict("TEST_CONFLICT", "Somebody was first.")
    if note.title == "break":
        raise RuntimeError("marker-in-exception")
    if note.title == "deny":
        raise PermissionDenied
    from ninja import Status

    return Status(201, {"number": event.pk, "title": note.title})


@router.get("/notes", response=PageOf[NoteOut], auth=Scoped("incidents:read"))
def list_notes(request: ApiRequest, query: Query[PageQuery]) -> dict[str, object]:
    page = cut(AuditEvent.objects.filter(act="test.note"), by=["-at", "-id"], query=query, purpose={"list": "notes"})
    return {"items": [{"number": one.pk, "title": one.object} for one in page.rows], "next": page.next}
