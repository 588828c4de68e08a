"""Changes for programs: a pipeline tells of its deploys, and anybody reads them page by page."""

from datetime import datetime
from typing import Literal

from django.utils.timezone import now
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from incidents.changes import actions, advice, notices, preflight, queries, verification
from incidents.changes.actions import Facts, Teller
from incidents.changes.models import Change
from incidents.changes.states import Source
from incidents.ownership.models import Domain
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, PageQuery, cut
from opsportal.errors import Refused
from opsportal.moments import Moment

router = Router(tags=["Changes"])
READ, WRITE = Scoped("changes:read"), Scoped("changes:write")

KindWord = Literal["deploy", "rollback", "migration", "configuration", "flag"]
ResultWord = Literal["planned", "running", "succeeded", "failed", "rolled_back"]


class ChangeIn(Schema):
    """What a program tells. Times carry their zone; without them it begins, or ends, now."""

    model_config = ConfigDict(extra="forbid")

    kind: KindWord
    what: str = Field(max_length=160)
    domain: str | None = Field(None, max_length=40, description="Slug of a domain; null is all domains")
    artifact: str = Field("", max_length=200, description="Version, tag or commit; a deploy and a rollback need it")
    ticket: str = Field("", max_length=300, description="https link")
    result: ResultWord = "succeeded"
    started_at: Moment | None = None
    finished_at: Moment | None = None
    override: str = Field("", max_length=2_000, description="Why in spite of a freeze; audited")
    takes_back: int | None = Field(None, description="Number of the change that this rollback rolls back")


class OutcomeIn(Schema):
    """What became of it. `note` says why, and is needed for failed and rolled_back."""

    model_config = ConfigDict(extra="forbid")

    result: Literal["running", "succeeded", "failed", "rolled_back"]
    note: str = Field("", max_length=2_000)
    override: str = Field("", max_length=2_000, description="Why it begins frozen or unsigned; audited")


class NoticeIn(Schema):
    """What the ops channel is told. The change and where it stands are said already."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field("", max_length=2_000)
    tickets: list[str] = Field([], max_length=5, description="https links; without any, the change's own ticket")


class ChangeOut(Schema):
    """One change as it stands."""

    number: int
    label: str
    kind: KindWord
    what: str
    domain: str | None
    artifact: str
    ticket: str
    result: ResultWord
    started_at: datetime
    finished_at: datetime | None
    override: str
    takes_back: int | None
    source: Literal["web", "api", "command"]
    recorded_at: datetime
    recorded_by: str | None

    @staticmethod
    def resolve_number(change: Change) -> int:
        return change.pk

    @staticmethod
    def resolve_takes_back(change: Change) -> int | None:
        return change.takes_back_id

    @staticmethod
    def resolve_domain(change: Change) -> str | None:
        return change.domain.slug if change.domain else None

    @staticmethod
    def resolve_recorded_by(change: Change) -> str | None:
        return change.recorded_by.username if change.recorded_by else None


class FactOut(Schema):
    """One line of the pre-flight that filled itself."""

    level: Literal["ok", "warn", "fail"]
    words: str
    detail: str
    at: datetime | None


class StepOut(Schema):
    """One step that a person ticks."""

    text: str
    ticked_at: datetime | None
    ticked_by: str | None


class VerificationOut(Schema):
    """The duty to verify production after a change. `failures` are runs that did not end well before.

    `is_without_traffic`: it was met by a run that had too little data to judge by, with everything else in order.
    """

    due_at: datetime
    met_at: datetime | None
    waived: str
    failures: int
    is_without_traffic: bool


class ReleaseOut(Schema):
    """Pre-flight, signature and verification of one change."""

    facts: list[FactOut]
    steps: list[StepOut]
    needs_sign_off: bool
    signed_off_at: datetime | None
    signed_off_by: str | None
    verification: VerificationOut | None
    advised_back: bool


class ChangeQuery(PageQuery):
    """What the list is narrowed to."""

    kind: Literal["", "deploy", "rollback", "migration", "configuration", "flag"] = ""
    result: Literal["", "planned", "running", "succeeded", "failed", "rolled_back"] = ""
    domain: str = ""


@router.post("/changes", response={201: ChangeOut}, auth=WRITE, summary="Record a change")
def record_change(request: ApiRequest, change: ChangeIn) -> Status[Change]:
    """Tell of a change. While changes are frozen, 422 `FROZEN` unless it is a rollback or `override` says why."""
    given = change.dict()
    given["domain"] = _domain(given["domain"])
    if given["takes_back"] is not None:
        given["takes_back"] = queries.change_or_404(given["takes_back"])
    return Status(201, actions.record(Facts(**given), by=_teller(request), at=now()))


@router.post("/changes/{int:number}/result", response=ChangeOut, auth=WRITE, summary="Record the outcome of a change")
def record_result(request: ApiRequest, number: int, outcome: OutcomeIn) -> Change:
    """It runs, succeeded, failed or was rolled back."""
    found, by, at = queries.change_or_404(number), _teller(request), now()
    match outcome.result:
        case "running":
            return actions.start(found, override=outcome.override, by=by, at=at)
        case "succeeded":
            return actions.succeed(found, note=outcome.note, by=by, at=at)
        case "failed":
            return actions.fail(found, note=outcome.note, by=by, at=at)
    return actions.roll_back(found, note=outcome.note, by=by, at=at)


@router.get("/changes", response=PageOf[ChangeOut], auth=READ, summary="List changes")
def list_changes(request: ApiRequest, query: Query[ChangeQuery]) -> dict[str, object]:
    """In the order of their recording, newest first. `domain=all-domains` are those of the whole house."""
    filters = queries.Filters(kind=query.kind, result=query.result, domain=query.domain, days=0)
    page = cut(
        queries.narrowed(filters).with_domain(),
        by=["-id"],
        query=query,
        purpose={"list": "changes", "by": filters},
    )
    return {"items": page.rows, "next": page.next}


@router.get("/changes/{int:number}", response=ChangeOut, auth=READ, summary="Read a change")
def read_change(request: ApiRequest, number: int) -> Change:
    """The change that people call CHG-<number>."""
    return queries.change_or_404(number)


@router.get("/changes/{int:number}/release", response=ReleaseOut, auth=READ, summary="Read the release of a change")
def read_release(request: ApiRequest, number: int) -> dict[str, object]:
    """Its pre-flight as it stands, who signed it, whether production was verified, and whether to take it back."""
    found, at = queries.change_or_404(number), now()
    shown, advised = preflight.of(found, at=at), advice.standing(at=at)
    signed = shown.sign_off
    return {
        "facts": shown.facts,
        "steps": [
            {"text": one.text, "ticked_at": one.ticked_at, "ticked_by": one.ticked_by and one.ticked_by.username}
            for one in shown.steps
        ],
        "needs_sign_off": shown.needs_sign_off,
        "signed_off_at": signed and signed.at,
        "signed_off_by": signed and signed.by.username,
        "verification": verification.of([found]).get(found.pk),
        "advised_back": advised is not None and advised.change == found,
    }


@router.post("/changes/{int:number}/announcement", response={204: None}, auth=WRITE, summary="Announce a change")
def announce_change(request: ApiRequest, number: int, notice: NoticeIn) -> Status[None]:
    """Tell the ops channel where it stands, with ticket links, through the outbox."""
    found = queries.change_or_404(number)
    links = notice.tickets or [found.ticket]
    notices.announce(found, words=notice.words, tickets="\n".join(links), by=request.auth.user, at=now())
    return Status(204, None)


def _teller(request: ApiRequest) -> Teller:
    return Teller(request.auth.user, Source.API, request.auth.token)


def _domain(slug: str | None) -> Domain | None:
    if slug is None:
        return None
    found = Domain.objects.filter(slug=slug).first()
    if found is None:
        raise Refused("DOMAIN_UNKNOWN", "There is no such domain. The ownership matrix lists them.")
    return found
