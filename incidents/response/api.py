"""Incidents for programs: the same actions as on the screens, behind scopes instead of buttons."""

from collections.abc import Callable
from typing import Any, Literal

from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils.timezone import now
from ninja import Query, Router, Status

from incidents.ownership.models import Domain
from incidents.response import (
    actions,
    closing,
    corrections,
    decisions,
    heading,
    linking,
    listing,
    queries,
    roles,
    wording,
)
from incidents.response.api_schemas import (
    BESIDE,
    AnswerBody,
    CorrectionBody,
    DecisionBody,
    DeclareBody,
    EventOut,
    IncidentOut,
    IncidentQuery,
    NoteBody,
    OfferBody,
    ReasonBody,
    RewriteBody,
    RoleWord,
    SeverityBody,
    StatusBody,
    TimelineQuery,
    event_out,
)
from incidents.response.models import Incident, TimelineEvent
from incidents.response.past import Past
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, cut
from opsportal.errors import Refused
from opsportal.models import User

router = Router(tags=["Incidents"])
READ, WRITE = Scoped("incidents:read"), Scoped("incidents:write")
Told = Status[dict[str, Any]]


# --- read -------------------------------------------------------------------------------------------------------------


@router.get("/incidents", response=PageOf[IncidentOut], auth=READ, summary="List incidents")
def list_incidents(request: ApiRequest, query: Query[IncidentQuery]) -> dict[str, object]:
    """Newest first. `status=open` means every status but resolved."""
    filters = listing.Filters(status=query.status, severity=query.severity, domain=query.domain)
    rows = listing.newest(filters, request.auth.user).select_related("merged_into", "closed_by")
    page = cut(
        rows.prefetch_related(*BESIDE),
        by=["-number"],
        query=query,
        purpose={"list": "incidents", "by": filters},
    )
    return {"items": page.rows, "next": page.next}


@router.get("/incidents/{int:number}", response=IncidentOut, auth=READ, summary="Read an incident")
def read_incident(request: ApiRequest, number: int) -> Incident:
    """The incident that people call INC-<number>."""
    return _whole(number, request.auth.user)


@router.get("/incidents/{int:number}/timeline", response=PageOf[EventOut], auth=READ, summary="Read a timeline")
def list_timeline(request: ApiRequest, number: int, query: Query[TimelineQuery]) -> dict[str, object]:
    """In the order in which rows came in: who reads on from a cursor misses none. A correction is a row of its own."""
    incident = queries.incident_or_404(number, request.auth.user)
    rows = incident.timeline.select_related("actor")
    if query.kind:
        rows = rows.filter(kind=query.kind)
    way = "-" if query.order == "newest" else ""
    purpose = {"list": "timeline", "of": number, "kind": query.kind, "order": query.order}
    page = cut(rows, by=[f"{way}id"], query=query, purpose=purpose)
    said = wording.of(one.pk for one in page.rows)
    return {"items": [event_out(one, said[one.pk]) for one in page.rows], "next": page.next}


@router.get("/incidents/{int:number}/timeline/{int:pk}", response=EventOut, auth=READ, summary="Read a row")
def read_event(request: ApiRequest, number: int, pk: int) -> dict[str, Any]:
    """One row of an incident's timeline."""
    event = _event(number, pk, request.auth.user)
    return event_out(event, wording.of_one(event))


# --- declare and rewrite ----------------------------------------------------------------------------------------------


@router.post("/incidents", response={201: IncidentOut}, auth=WRITE, summary="Declare an incident")
def declare_incident(request: ApiRequest, body: DeclareBody) -> Status[Incident]:
    """Its clocks run and its on-call people are told from this moment, unless it is over already."""
    by, at = request.auth.user, now()
    facts = _facts(body)
    if body.follows is None:
        incident = actions.declare(**facts, by=by, at=at)
    else:
        incident = linking.declare_follow_up(queries.incident_or_404(body.follows, by), **facts, by=by, at=at)
    return Status(201, _whole(incident.number, by))


def _facts(body: DeclareBody) -> dict[str, Any]:
    domain = Domain.objects.filter(slug=body.domain).first()
    if domain is None:
        raise Refused("DOMAIN_UNKNOWN", "There is no such domain. Send the slug of one, such as payments.")
    times = {"impact_started_at", "detected_at", "resolved_at"}
    facts = body.dict(exclude={"domain", "follows", *times}) | {"domain": domain}
    began, ended = body.impact_started_at, body.resolved_at
    if body.mode != "retrospective":
        if any(getattr(body, one) for one in times):
            raise Refused("TIMES_OF_WHAT_RUNS", "Only what is over is declared with times: mode retrospective.")
        return facts
    if began is None or ended is None:
        raise Refused("TIMES_MISSING", "Say when it began and when it was over.")
    return facts | {"past": Past(began, body.detected_at or began, ended)}


@router.patch("/incidents/{int:number}", response=IncidentOut, auth=WRITE, summary="Rewrite title or summary")
def rewrite_incident(request: ApiRequest, number: int, body: RewriteBody) -> Incident:
    """The words before stay on the timeline. 409 HEADING_CHANGED when others stand there than were read."""
    incident = queries.incident_or_404(number, request.auth.user)
    words = {"title": incident.title, "summary": incident.summary} | body.dict(exclude_none=True)
    heading.rewrite(incident, **words, by=request.auth.user, at=now())
    return _whole(number, request.auth.user)


# --- add to the timeline ----------------------------------------------------------------------------------------------


@router.post("/incidents/{int:number}/notes", response={201: EventOut}, auth=WRITE, summary="Post to the team")
def post_note(request: ApiRequest, number: int, body: NoteBody) -> Told:
    """A team update. Readers of the status page never see it."""
    return _do(request, number, actions.post_note, **body.dict())


@router.post("/incidents/{int:number}/decisions", response={201: EventOut}, auth=WRITE, summary="Record a decision")
def post_decision(request: ApiRequest, number: int, body: DecisionBody) -> Told:
    """With `check_back_at` somebody owes a look whether it worked."""
    return _do(request, number, decisions.decide, **body.dict())


@router.post(
    "/incidents/{int:number}/timeline/{int:pk}/corrections",
    response={201: EventOut},
    auth=WRITE,
    summary="Correct a row",
)
def correct_event(request: ApiRequest, number: int, pk: int, body: CorrectionBody) -> Told:
    """The old words stay and can be read. 409 CHANGED_MEANWHILE when somebody corrected or removed them first."""
    event = _event(number, pk, request.auth.user)
    return _told(corrections.correct(event, **body.dict(), by=request.auth.user, at=now()))


@router.post(
    "/incidents/{int:number}/timeline/{int:pk}/answer",
    response={201: EventOut},
    auth=WRITE,
    summary="Look back at a decision",
)
def answer_decision(request: ApiRequest, number: int, pk: int, body: AnswerBody) -> Told:
    """Say whether it worked, and what was seen."""
    event = _event(number, pk, request.auth.user)
    return _told(decisions.answer(event, **body.dict(), by=request.auth.user, at=now()))


# --- change its state -------------------------------------------------------------------------------------------------


@router.post("/incidents/{int:number}/acknowledge", response={201: EventOut}, auth=WRITE, summary="Acknowledge")
def acknowledge_incident(request: ApiRequest, number: int) -> Told:
    """The token's owner has it now. A proposed severity stands, and its public clock starts."""
    return _do(request, number, actions.acknowledge)


@router.post("/incidents/{int:number}/status", response={201: EventOut}, auth=WRITE, summary="Change the status")
def change_status(request: ApiRequest, number: int, body: StatusBody) -> Told:
    """Move it on or back, resolve or reopen it. 409 STATUS_CHANGED as `seen` says."""
    return _do(request, number, actions.change_status, **body.dict())


@router.post("/incidents/{int:number}/severity", response={201: EventOut}, auth=WRITE, summary="Change the severity")
def change_severity(request: ApiRequest, number: int, body: SeverityBody) -> Told:
    """Worse or less bad, with a reason; it is asked once, also for lowering. 409 SEVERITY_CHANGED as `seen` says."""
    return _do(request, number, actions.change_severity, **body.dict())


@router.post("/incidents/{int:number}/close", response={201: EventOut}, auth=WRITE, summary="Close")
def close_incident(request: ApiRequest, number: int) -> Told:
    """Nothing is left to do; 422 NOT_READY_TO_CLOSE names what is."""
    return _do(request, number, closing.close)


# --- roles ------------------------------------------------------------------------------------------------------------


@router.post(
    "/incidents/{int:number}/roles/{role}/offer", response={201: EventOut}, auth=WRITE, summary="Hand a role over"
)
def offer_role(request: ApiRequest, number: int, role: RoleWord, body: OfferBody) -> Told:
    """Ask somebody to have it; nothing moves until they accept."""
    to = queries.able_people().filter(username=body.to).first()
    if to is None:
        raise Refused("NOT_A_RESPONDER", "There is nobody of this name who may act in incidents.")
    return _do(request, number, roles.offer, role, to=to)


@router.post(
    "/incidents/{int:number}/roles/{role}/take-over",
    response={201: EventOut},
    auth=WRITE,
    summary="Take a role over without an offer",
)
def take_over_role(request: ApiRequest, number: int, role: RoleWord, body: ReasonBody) -> Told:
    """From somebody who does not answer; the ops channel is told."""
    return _do(request, number, roles.take_over, role, reason=body.reason)


_ROLE_ACTS: dict[str, Callable[..., TimelineEvent]] = {
    "take": roles.take,
    "accept": roles.accept,
    "decline": roles.decline,
    "withdraw": roles.withdraw,
    "lay-down": roles.lay_down,
}


@router.post(
    "/incidents/{int:number}/roles/{role}/{act}", response={201: EventOut}, auth=WRITE, summary="Take or answer a role"
)
def act_on_role(
    request: ApiRequest, number: int, role: RoleWord, act: Literal["take", "accept", "decline", "withdraw", "lay-down"]
) -> Told:
    """Take a free role, answer or withdraw an offer, lay a role down."""
    return _do(request, number, _ROLE_ACTS[act], role)


def _do(request: ApiRequest, number: int, act: Callable[..., TimelineEvent], *on: str, **words: Any) -> Told:
    """One act on an incident; the answer is the row that it wrote."""
    by, at = request.auth.user, now()
    return _told(act(queries.incident_or_404(number, by), *on, **words, by=by, at=at))


def _told(event: TimelineEvent) -> Told:
    return Status(201, event_out(event, wording.of_one(event)))


def _event(number: int, pk: int, person: User) -> TimelineEvent:
    incident = queries.incident_or_404(number, person)
    event = incident.timeline.select_related("actor", "incident").filter(pk=pk).first()
    if event is None:
        raise Http404(f"{incident.label} event {pk}")
    return event


def _whole(number: int, person: User) -> Incident:
    incident = queries.incident_or_404(number, person)
    prefetch_related_objects([incident], *BESIDE)
    return incident
