"""Staff side of the status page: what is public, drafts with their exact preview, and the one button."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.response.states import Status
from incidents.statuspage import actions, queries
from incidents.statuspage.forms import DraftForm, first_values
from incidents.statuspage.models import Component, ComponentStatus, StatusUpdate
from incidents.statuspage.queries import Side
from incidents.statuspage.update_forms import PublishForm
from opsportal.errors import Conflict, Denied, Refused
from opsportal.htmx import alert_message, render_page, see, status_message, wants_part
from opsportal.roles import Role, require
from opsportal.signed_in import person

BOARD = "incidents/statuspage/board.html"
PUBLIC = "incidents/statuspage/public.html"
PUBLISH = "incidents/statuspage/publish.html"
DISCARD = "incidents/statuspage/discard.html"


@require(Role.VIEWER)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Drafts that wait, components, what readers know."""
    context = {
        "board": queries.board(person(request), now()),
        "statuses": ComponentStatus.choices,
        "can_publish": _may(request, Role.PUBLISHER),
    }
    return render_page(request, BOARD, context)


@require(Role.VIEWER)
@require_safe
def honesty(request: HttpRequest) -> HttpResponse:
    """Where the page and the truth part: a part of Now, and the board for who opens it."""
    if not wants_part(request):
        return see(request, "incidents:publish")
    context = {"nags": queries.nags(person(request), now()), "can_publish": _may(request, Role.PUBLISHER)}
    return render_page(request, BOARD, context, part="line")


@require(Role.VIEWER)
@require_safe
def public_panel(request: HttpRequest, number: int) -> HttpResponse:
    """The public side of an incident: as a panel in its room, or as the page with draft and preview."""
    side, at = queries.side_or_404(number, person(request)), now()
    phase = request.GET.get("phase", "")
    return _show(request, side, _form(side, at, phase=phase if phase in set(Status) else ""), at)


@require(Role.RESPONDER)
@require_POST
def public_save(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the draft, then show it as readers will see it. Nothing is public yet."""
    side, at = queries.side_or_404(number, person(request)), now()
    form = _form(side, at, request)
    if not form.is_valid():
        return _show(request, side, form, at, status=422)
    given = form.cleaned_data
    try:
        actions.save_draft(
            side.incident,
            title=given.get("title") or side.title,
            status=given["status"],
            body=given["body"],
            next_update_at=given["next_update_at"],
            components=given["components"],
            by=person(request),
            at=at,
            seen=given["seen"],
            notify=given["notify"],
        )
    except Conflict as conflict:
        form.add_error(None, conflict.sentence)
        side = queries.side_or_404(number, person(request))
        typed = request.POST.copy()
        typed["seen"] = side.seen  # sending it again replaces the other text knowingly
        form.data = typed
        return _show(request, side, form, at, status=409, is_conflict=True)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _show(request, side, form, at, status=422)
    status_message(request, "Draft saved. Nothing is public yet.")
    return see(request, "incidents:public_panel", number)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def public_publish(request: HttpRequest, number: int) -> HttpResponse:
    """Ask once, then tell the world. Publishers may, and who has communications in this incident."""
    side, at = queries.side_or_404(number, person(request)), now()
    actions.require_publisher(person(request), side.incident)
    if side.draft is None:
        raise Refused("NO_DRAFT", "There is no draft to publish. Write one first.")
    waits = queries.needs_approval() and not queries.is_approved(side.draft, person(request))
    form = PublishForm(request.POST if request.method == "POST" else None, waits=waits)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, side, form, at, waits=waits)
    try:
        update = actions.publish(side.draft, by=person(request), at=at, **form.cleaned_data)
    except Denied:
        raise
    except Refused as refusal:
        alert_message(request, refusal.sentence)
        return see(request, "incidents:public_panel", number)
    if queries.is_shown(update):
        status_message(request, "Published. Readers see it now.")
    else:
        alert_message(
            request,
            "Published and saved, but the public page could not be written. Readers see it as soon as the next"
            " rebuild succeeds; the portal tries every 30 seconds. Check the disk of the data folder.",
        )
    return see(request, "incidents:public_panel", number)


def _ask(request: HttpRequest, side: Side, form: PublishForm, at: datetime, *, waits: bool) -> HttpResponse:
    draft, me = side.draft, person(request)
    assert draft is not None
    approved_by_me = draft.approved_by == me and draft.approved_print == side.seen
    context = {
        "side": side,
        "form": form,
        "card": queries.preview(side, at),
        "problem": _problem(draft, at),
        "waits": waits,
        "approved_by_me": approved_by_me,
        "may_approve": me.has_role(Role.PUBLISHER) and not approved_by_me,
    }
    return render_page(request, PUBLISH, context, part="dialog", status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def public_discard(request: HttpRequest, number: int) -> HttpResponse:
    """Throw the draft away, after asking."""
    side = queries.side_or_404(number, person(request))
    if side.draft is None:
        raise Refused("NO_DRAFT", "There is no draft to discard.")
    if request.method != "POST":
        return render_page(request, DISCARD, {"side": side}, part="dialog")
    actions.discard(side.draft, by=person(request), at=now())
    status_message(request, "Draft discarded. Readers never saw it.")
    return see(request, "incidents:public_panel", number)


def _problem(draft: StatusUpdate, at: datetime) -> str:
    """Why it could not be published as it lies; empty when it could."""
    try:
        actions.require_publishable(draft, at=at)
    except Refused as refusal:
        return refusal.sentence
    return ""


def _form(side: Side, at: datetime, request: HttpRequest | None = None, *, phase: str = "") -> DraftForm:
    components = list(Component.objects.in_order().select_related("domain"))
    if request is not None:
        return DraftForm(request.POST, side=side, components=components, at=at)
    initial = first_values(side, status=phase, components=components)
    return DraftForm(initial=initial, side=side, components=components, at=at)


def _show(
    request: HttpRequest, side: Side, form: DraftForm, at: datetime, *, status: int = 200, is_conflict: bool = False
) -> HttpResponse:
    can_publish = queries.may_publish(person(request), side.incident)
    context: dict[str, Any] = {
        "side": side,
        "incident": side.incident,
        "form": form,
        "card": queries.preview(side, at),
        "problem": _problem(side.draft, at) if side.draft else "",
        "phases": Status.choices,
        "is_conflict": is_conflict,
        # In a merged room only somebody's own words that still wait can be looked at, and thrown away.
        "can_draft": _may(request, Role.RESPONDER) and (side.incident.merged_into_id is None or side.draft is not None),
        "can_publish": can_publish,
        "can_remove": _may(request, Role.PUBLISHER),
        "waits_for_approval": side.draft is not None and queries.needs_approval(),
        "is_approved": side.draft is not None and side.draft.approved_print == side.seen,
        "lacks_factor": can_publish and queries.lacks_factor(person(request)),
    }
    return render_page(request, PUBLIC, context, part="panel", status=status)


def _may(request: HttpRequest, role: Role) -> bool:
    return person(request).has_role(role)
