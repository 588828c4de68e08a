"""The audit log for programs, page by page. Reading it is an act of its own, and leaves a line, as on the screen."""

from datetime import datetime
from typing import Literal

from ninja import Field, Query, Router, Schema

from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, PageQuery, cut
from opsportal.audit import actions, queries

router = Router(tags=["Audit log"])


class ActOut(Schema):
    """One line: who did what to what, by which door, and with which result."""

    id: int
    at: datetime
    actor: str
    act: str
    object: str
    reason: str
    result: Literal["ok", "denied", "failed"]
    source: Literal["", "web", "api", "command", "system"]
    request_id: str


class LogQuery(PageQuery):
    """What the list is narrowed to. `act` is an act such as user.role, or its family such as user."""

    actor: str = Field("", max_length=64)
    act: str = Field("", pattern=r"^[a-z0-9_.]{0,64}$")
    result: Literal["", "ok", "denied", "failed"] = ""
    source: Literal["", "web", "api", "command", "system"] = ""
    time: Literal["24h", "7d", "30d", "all"] = "30d"


@router.get("/audit", response=PageOf[ActOut], auth=Scoped("audit:read"), summary="Read the audit log")
def read_log(request: ApiRequest, query: Query[LogQuery]) -> dict[str, object]:
    """Who did what, newest first, of the last 30 days unless `time` says otherwise."""
    filters = queries.Filters(
        actor=query.actor, act=query.act, result=query.result, source=query.source, period=query.time
    )
    actions.record("audit.read", by=request.auth.user.username, object=filters.spoken)
    page = cut(queries.matching(filters), by=["-id"], query=query, purpose={"list": "audit", "by": filters})
    return {"items": page.rows, "next": page.next}
