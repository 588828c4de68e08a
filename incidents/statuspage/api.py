"""The status page for programs: components and updates, by the same actions as on the screens."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.timezone import now
from ninja import Query, Router, Status

from incidents.statuspage import actions, approval, components, corrections, queries
from incidents.statuspage.api_schemas import (
    ApproveBody,
    ComponentOut,
    ComponentStatusBody,
    CorrectBody,
    DraftBody,
    PublishBody,
    RemoveBody,
    UpdateBody,
    UpdateOut,
    UpdateQuery,
    component_out,
    update_out,
)
from incidents.statuspage.models import Component, StatusUpdate
from incidents.statuspage.queries import Side
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.pages import PageOf, PageQuery, cut
from opsportal.errors import Refused

router = Router(tags=["Status page"])
READ, WRITE = Scoped("status:read"), Scoped("status:write")
Told = dict[str, Any]


# --- components -------------------------------------------------------------------------------------------------------


@router.get("/components", response=PageOf[ComponentOut], auth=READ, summary="List components")
def list_components(request: ApiRequest, query: Query[PageQuery]) -> dict[str, object]:
    """Those in use, in the order of the page."""
    rows = Component.objects.in_use().select_related("domain")
    page = cut(rows, by=Component.ORDER, query=query, purpose={"list": "components"})
    return {"items": [component_out(one) for one in queries.standings(page.rows, now())], "next": page.next}


@router.get("/components/{slug:public_id}", response=ComponentOut, auth=READ, summary="Read a component")
def read_component(request: ApiRequest, public_id: str) -> Told:
    """The component with the id that the page's own documents give it."""
    return _component(public_id)


@router.post("/components/{slug:public_id}/status", response=ComponentOut, auth=WRITE, summary="Set a component")
def set_component(request: ApiRequest, public_id: str, body: ComponentStatusBody) -> Told:
    """Say how it stands, apart from any incident. Readers see it within seconds."""
    component = queries.component_or_404(public_id)
    components.set_component(component, to=body.status, by=request.auth.user, at=now())
    return _component(public_id)


def _component(public_id: str) -> Told:
    found = queries.standings([queries.component_or_404(public_id)], now())
    if not found:
        raise Http404("It is not on the page any more.")
    return component_out(found[0])


# --- updates are read -------------------------------------------------------------------------------------------------


@router.get("/updates", response=PageOf[UpdateOut], auth=READ, summary="List updates")
def list_updates(request: ApiRequest, query: Query[UpdateQuery]) -> dict[str, object]:
    """Drafts, published and removed ones, the newest first; one draft an incident at most."""
    rows = queries.updates(request.auth.user)
    if query.state:
        rows = rows.filter(state=query.state)
    if query.incident is not None:
        rows = rows.filter(public_incident__incident__number=query.incident)
    purpose = {"list": "updates", "state": query.state, "incident": query.incident}
    page = cut(rows, by=["-id"], query=query, purpose=purpose)
    return {"items": [update_out(one) for one in page.rows], "next": page.next}


@router.get("/updates/{slug:public_id}", response=UpdateOut, auth=READ, summary="Read an update")
def read_update(request: ApiRequest, public_id: str) -> Told:
    """One message to readers, or a draft."""
    return update_out(_update(request, public_id))


# --- drafts -----------------------------------------------------------------------------------------------------------


@router.put("/incidents/{int:number}/draft", response=UpdateOut, auth=WRITE, summary="Save the draft")
def save_draft(request: ApiRequest, number: int, body: DraftBody) -> Told:
    """Nothing is public yet. 409 DRAFT_CHANGED when somebody else's words wait there and `seen` does not name them."""
    return _read(request, _saved(request, _side(request, number), body))


@router.delete("/incidents/{int:number}/draft", response={204: None}, auth=WRITE, summary="Throw the draft away")
def discard_draft(request: ApiRequest, number: int) -> Status[None]:
    """Readers never knew of it."""
    actions.discard(_draft(_side(request, number)), by=request.auth.user, at=now())
    return Status(204, None)


@router.post("/incidents/{int:number}/draft/approve", response=UpdateOut, auth=WRITE, summary="Approve the draft")
def approve_draft(request: ApiRequest, number: int, body: ApproveBody) -> Told:
    """Say that these words may go out; another person publishes them."""
    draft = _draft(_side(request, number))
    return _read(request, approval.approve(draft, by=request.auth.user, at=now(), seen=body.seen))


@router.post("/incidents/{int:number}/draft/publish", response=UpdateOut, auth=WRITE, summary="Publish the draft")
def publish_draft(request: ApiRequest, number: int, body: PublishBody) -> Told:
    """Tell the world what was read. 422 APPROVAL_MISSING where a second person is asked for."""
    draft = _draft(_side(request, number))
    return _read(request, actions.publish(draft, **body.dict(), by=request.auth.user, at=now()))


# --- publish and mend -------------------------------------------------------------------------------------------------


@router.post("/incidents/{int:number}/updates", response={201: UpdateOut}, auth=WRITE, summary="Publish an update")
def publish_update(request: ApiRequest, number: int, body: UpdateBody) -> Status[Told]:
    """Words and publication in one call: both happen, or neither."""
    with transaction.atomic():
        draft = _saved(request, _side(request, number), body)
        update = actions.publish(draft, by=request.auth.user, at=now(), bypass=body.bypass)
    return Status(201, _read(request, update))


@router.post("/updates/{slug:public_id}/correct", response=UpdateOut, auth=WRITE, summary="Correct an update")
def correct_update(request: ApiRequest, public_id: str, body: CorrectBody) -> Told:
    """Other words for what readers have read, marked as corrected."""
    update = _update(request, public_id)
    return _read(request, corrections.correct(update, **body.dict(), by=request.auth.user, at=now()))


@router.post("/updates/{slug:public_id}/remove", response=UpdateOut, auth=WRITE, summary="Remove an update")
def remove_update(request: ApiRequest, public_id: str, body: RemoveBody) -> Told:
    """It goes from the page, its kept versions, the feeds, what waits to be sent, and search."""
    update = _update(request, public_id)
    return _read(request, corrections.remove(update, reason=body.reason, by=request.auth.user, at=now()))


@router.post("/incidents/{int:number}/unpublish", response={204: None}, auth=WRITE, summary="Unpublish an incident")
def unpublish_incident(request: ApiRequest, number: int, body: RemoveBody) -> Status[None]:
    """Everything that readers were told about it goes, in the same way."""
    corrections.unpublish(_side(request, number).incident, reason=body.reason, by=request.auth.user, at=now())
    return Status(204, None)


def _saved(request: ApiRequest, side: Side, body: DraftBody) -> StatusUpdate:
    return actions.save_draft(
        side.incident,
        title=body.title or side.title,
        status=body.status,
        body=body.body,
        next_update_at=body.next_update_at,
        components=side.proposed if body.components is None else _known(body.components),
        by=request.auth.user,
        at=now(),
        seen=body.seen,
        notify=body.notify,
    )


def _known(wanted: Mapping[str, str]) -> dict[str, str]:
    found = set(Component.objects.in_use().filter(public_id__in=wanted).values_list("public_id", flat=True))
    if found != wanted.keys():
        raise Refused("COMPONENT_UNKNOWN", "There is no such component on the page. /components lists their ids.")
    return dict(wanted)


def _side(request: ApiRequest, number: int) -> Side:
    return queries.side_or_404(number, request.auth.user)


def _draft(side: Side) -> StatusUpdate:
    if side.draft is None:
        raise Refused("NO_DRAFT", "There is no draft. Save one first.")
    return side.draft


def _update(request: ApiRequest, public_id: str) -> StatusUpdate:
    found = queries.updates(request.auth.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such update.")
    return found


def _read(request: ApiRequest, update: StatusUpdate) -> Told:
    """As it lies now, with its people."""
    return update_out(_update(request, update.public_id))
