"""The room with what is posted in it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import ptag, trigger_client_event

from incidents.response import actions, checklist, decisions, next_best, queries, roles
from incidents.response.entries import SHOWS
from incidents.response.forms import PostForm
from incidents.response.models import ChecklistStep, Incident
from incidents.response.states import IncidentRole
from incidents.response.words import LONGEST
from opsportal.context import shell_of
from opsportal.errors import Conflict, Refused
from opsportal.htmx import alert_message, render_page, see, status_message, wants_part
from opsportal.models import User
from opsportal.roles import Role, require
from opsportal.sent_once import sent_once
from opsportal.signed_in import person

ROOM = "incidents/response/room.html"


def _room_tag(request: HttpRequest, number: int) -> str | None:
    found = queries.version(number, person(request))
    return None if found is None else f"{number}.{found}"


@ptag(_room_tag)
@require(Role.VIEWER)
@require_safe
def room(request: HttpRequest, number: int) -> HttpResponse:
    """One incident. As a part: what changes with its version, 304 while nothing changed."""
    incident = queries.incident_or_404(number, person(request))
    return _with_news(request, render_page(request, ROOM, room_context(request, incident), part="live"))


def room_context(
    request: HttpRequest, incident: Incident, form: PostForm | None = None, *, was_posted: bool = False
) -> dict[str, object]:
    """What the room and its parts show; after a post the empty box has the focus."""
    before = request.GET.get("before", "")
    can_act = person(request).has_role(Role.RESPONDER) and incident.merged_into is None
    shown = queries.room(
        incident,
        show=request.GET.get("show", "all"),
        words=request.GET.get("q", "").strip()[:LONGEST],
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
    )
    return {
        "room": shown,
        "incident": incident,
        "compose": form or PostForm(incident, wants_focus=was_posted),
        "next": _next(request, shown),
        "shows": SHOWS,
        "tag": f"{incident.number}.{incident.version}",
        "can_act": can_act,
        "can_tick": can_act and not incident.closed_at,
        "can_split": person(request).has_role(Role.RESPONDER),
        "roles": queries.roles(incident, person(request)),
    }


def _next(request: HttpRequest, shown: queries.Room) -> next_best.Next | None:
    incident = shown.incident
    return next_best.of(
        shown.clocks,
        at=shell_of(request).now,
        is_open=incident.is_open,
        is_closed=incident.is_closed or incident.merged_into_id is not None,
        open_steps=shown.open_mandatory,
    )


@require(Role.RESPONDER)
@sent_once
@require_POST
def post(request: HttpRequest, number: int) -> HttpResponse:
    """A team update, with a move of the status if one was chosen."""
    incident = queries.incident_or_404(number, person(request))
    form = PostForm(incident, request.POST)
    try:
        if form["to"].data:
            actions.require_status_seen(incident, form["seen"].data)
        if form.is_valid():
            _post(incident, by=person(request), at=now(), **form.cleaned_data)
    except Conflict as conflict:
        return _overtaken(request, number, conflict.sentence)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
    if form.errors:
        return _with_errors(request, incident, form, status=422)
    status_message(request, "Posted to the team.")
    return _changed(request, number, part="posted")


def _post(
    incident: Incident,
    *,
    by: User,
    at: datetime,
    text: str,
    to: str,
    decision: str,
    occurred_at: datetime | None,
    seen: str,
) -> None:
    if decision:
        look_back = at + timedelta(minutes=int(decision)) if int(decision) else None
        decisions.decide(incident, text=text, by=by, at=at, check_back_at=look_back, occurred_at=occurred_at)
    elif to:
        actions.change_status(incident, to=to, by=by, at=at, note=text, occurred_at=occurred_at, seen=seen)
    else:
        actions.post_note(incident, text=text, by=by, at=at, occurred_at=occurred_at)


def _overtaken(request: HttpRequest, number: int, sentence: str) -> HttpResponse:
    """Their words come back beside where the incident stands now; sent again, they move it knowingly."""
    incident = queries.incident_or_404(number, person(request))
    form = PostForm(incident, request.POST)
    form.errors.pop("to", None)  # where it cannot be moved any more, the sentence says so
    form.add_error(None, sentence)
    return _with_errors(request, incident, form, status=409)


def _with_errors(request: HttpRequest, incident: Incident, form: PostForm, *, status: int) -> HttpResponse:
    context = room_context(request, incident, form) | {"form": form, "is_conflict": status == 409}
    return render_page(request, ROOM, context, part="composer", status=status)


@require(Role.RESPONDER)
@require_POST
def tick(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Tick a step, or take the tick back; the form says which."""
    step = get_object_or_404(
        ChecklistStep.objects.select_related("incident"), incident__number=number, position=position
    )
    act = checklist.tick if request.POST.get("ticked") else checklist.untick
    return _attempt(request, number, lambda: act(step, by=person(request), at=now()))


@require(Role.RESPONDER)
@require_POST
def unskip(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """The step applies after all."""
    incident = queries.incident_or_404(number, person(request))
    step = get_object_or_404(incident.checklist, position=position)
    return _attempt(request, number, lambda: checklist.unskip(step, by=person(request), at=now()))


@require(Role.RESPONDER)
@require_POST
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Say that you have it."""
    incident = queries.incident_or_404(number, person(request))
    return _attempt(
        request,
        number,
        lambda: actions.acknowledge(incident, by=person(request), at=now()),
        said=f"You acknowledged {incident.label}.",
    )


# What a button does at once, and the words after it; what asks first stands in dialogs.py.
_ROLE_ACTS: dict[str, tuple[Callable[..., object], str]] = {
    "take": (roles.take, "You have {role} now."),
    "accept": (roles.accept, "You have {role} now."),
    "decline": (roles.decline, "You declined {role}."),
    "withdraw": (roles.withdraw, "The offer of {role} is withdrawn."),
    "lay-down": (roles.lay_down, "You stepped down as {role}. It is unassigned."),
}


@require(Role.RESPONDER)
@require_POST
def role_act(request: HttpRequest, number: int, role: str, act: str) -> HttpResponse:
    """Take a role of the incident, answer or withdraw an offer, lay a role down."""
    incident = queries.incident_or_404(number, person(request))
    if role not in set(IncidentRole) or act not in _ROLE_ACTS:
        raise Http404(act)
    do, said = _ROLE_ACTS[act]
    return _attempt(
        request,
        number,
        lambda: do(incident, role, by=person(request), at=now()),
        said=said.format(role=IncidentRole(role).label.lower()),
    )


def _attempt(request: HttpRequest, number: int, act: Callable[[], object], said: str = "") -> HttpResponse:
    """Do it, or say why not; either way the room shows what is."""
    status = 200
    try:
        act()
    except Refused as refusal:
        status = 422
        alert_message(request, refusal.sentence)
    else:
        if said:
            status_message(request, said)
    return _changed(request, number, status=status)


def _changed(request: HttpRequest, number: int, *, part: str = "live", status: int = 200) -> HttpResponse:
    """The parts that changed, or the way back to the room."""
    if not wants_part(request):
        return see(request, "incidents:room", number)
    context = room_context(request, queries.incident_or_404(number, person(request)), was_posted=part == "posted")
    return _with_news(request, render_page(request, ROOM, context, part=part, status=status))


def _with_news(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A part tells the page that something happened here, so that slots of other rooms look again."""
    return trigger_client_event(response, "room-news") if wants_part(request) else response
