"""The list, one follow-up with what can be done to it, and the part that stands in an incident's room."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.follow_ups import actions, queries, states
from incidents.follow_ups.forms import FilterForm, FinishForm, PlanForm, ReasonForm, VerifyForm, first_plan
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import State, Type
from incidents.response.models import Incident
from opsportal.acts import Words, ask_first
from opsportal.chips import Chip
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/follow_ups/list.html"
ONE = "incidents/follow_ups/follow_up.html"
EDIT = "incidents/follow_ups/edit.html"
ACT = "parts/act.html"
OF_INCIDENT = "incidents/follow_ups/of_incident.html"

_USUAL = timedelta(days=14)

FINISH = Words(
    "Is it done?", "Done is a claim: give the proof, and the day on which it is tried again.", "Done", "Done."
)
VERIFY = Words("Does it hold?", "You tried it again, and what it is there for works.", "It holds", "Verified.")
DROP = Words("Drop it?", "It will not be done. Your reason is recorded on the timeline.", "Drop it", "Dropped.")
REOPEN = Words(
    "Open it again?", "It counts as not done. Your reason is recorded on the timeline.", "Open it again", "Open again."
)


@require(Role.VIEWER)
@require_safe
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """Everything incidents left to do, the soonest first; filters stand in the URL."""
    filters, today = _filters_of(request), now().date()
    listing = queries.listing(filters, on=today, person=person(request))
    context = {
        "filters": filters,
        "listing": listing,
        "today": today,
        "domains": queries.domains(),
        "chips": _chips(filters, listing),
        "more": _to(filters, page=str(filters.page + 1)) if listing.has_more else "",
    }
    return render_page(request, LIST, context, part="listing")


def _filters_of(request: HttpRequest) -> queries.Filters:
    form = FilterForm(request.GET)
    form.is_valid()
    given = form.cleaned_data
    return queries.Filters(
        show=given.get("show") or "unfinished",
        type=given.get("type", ""),
        domain=given.get("domain", ""),
        owner=given.get("owner", ""),
        page=given.get("page") or 1,
    )


def _to(filters: queries.Filters, **changed: str) -> str:
    """The list's address with one thing changed and the rest kept."""
    kept = {"show": filters.show, "type": filters.type, "domain": filters.domain, "owner": filters.owner}
    return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value})


def _chips(filters: queries.Filters, listing: queries.Listing) -> list[Chip]:
    numbers = {"unfinished": listing.unfinished, "overdue": listing.overdue, "all": listing.total}
    shows = [
        Chip(f"{words} {numbers[show]}", _to(filters, show=show), filters.show == show)
        for show, words in queries.SHOWS.items()
    ]
    chosen = filters.type
    return shows + [Chip(one.label, _to(filters, type="" if one == chosen else one), one == chosen) for one in Type]


@require(Role.VIEWER)
@require_safe
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """One follow-up."""
    found, today = queries.follow_up_or_404(pk, person(request)), now().date()
    context = {
        "one": found,
        "is_late": queries.is_overdue(found, today),
        "may": {one.value for one in states.following(found.state)} if _may(request) else set(),
        "can_edit": _may(request) and found.state == State.OPEN,
    }
    return render_page(request, ONE, context)


@require(Role.VIEWER)
@require_safe
def of_incident(request: HttpRequest, number: int) -> HttpResponse:
    """What it left to do, and what earlier incidents of its domain left undone: a page, and a part of its room."""
    incident, today = queries.incident_or_404(number, person(request)), now().date()
    context = {
        "incident": incident,
        "left": queries.left_by(incident, on=today, person=person(request)),
        "today": today,
        "can_act": _may(request),
    }
    return render_page(request, OF_INCIDENT, context, part="panel")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, number: int) -> HttpResponse:
    """Promise something."""
    incident, at = queries.incident_or_404(number, person(request)), now()
    if request.method != "POST":
        form = first_plan(incident.domain.primary, (at + _USUAL).date())
        return _edit(request, incident, form)
    form = PlanForm(request.POST)
    if form.is_valid():
        try:
            made = actions.add(incident, form.plan, by=person(request), at=at)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{made.label} is added.")
            return see(request, "incidents:postmortem" if not incident.is_open else "incidents:room", number)
    return _edit(request, incident, form, status=422)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Promise it otherwise."""
    found = queries.follow_up_or_404(pk, person(request))
    if request.method != "POST":
        return _edit(request, found.incident, PlanForm.of(found), one=found)
    form, status = PlanForm(request.POST), 422
    if form.is_valid():
        try:
            actions.change(found, form.plan, seen=form.cleaned_data["version"] or 0, by=person(request), at=now())
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{found.label} is saved.")
            return see(request, found)
    return _edit(request, found.incident, form, one=queries.follow_up_or_404(pk, person(request)), status=status)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """It is done, with proof."""
    return _act(request, pk, FINISH, FinishForm, actions.finish)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """The re-test held."""
    return _act(request, pk, VERIFY, VerifyForm, actions.verify)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """It need not be done."""
    return _act(request, pk, DROP, ReasonForm, actions.drop)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """It is not done after all."""
    return _act(request, pk, REOPEN, ReasonForm, actions.reopen)


def _act(
    request: HttpRequest, pk: int, words: Words, form_class: type[forms.Form], act: Callable[..., FollowUp]
) -> HttpResponse:
    """Ask, then do it; a refusal stands on the form."""
    found = queries.follow_up_or_404(pk, person(request))
    form = form_class(request.POST if request.method == "POST" else None)

    def do() -> None:
        act(found, **form.cleaned_data, by=person(request), at=now())

    said, shown = f"{found.label}: {words.said}", {"one": found, "sub": found.title, "words": words}
    return ask_first(request, ACT, form, do, said=said, to=found, shown=shown)


def _edit(
    request: HttpRequest, incident: Incident, form: PlanForm, *, one: FollowUp | None = None, status: int = 200
) -> HttpResponse:
    """The form; after a conflict it carries the version that it now replaces knowingly."""
    context = {"incident": incident, "form": form, "one": one, "is_conflict": status == 409, "act": request.path}
    return render_page(request, EDIT, context, part="dialog", status=status)


def _may(request: HttpRequest) -> bool:
    return person(request).has_role(Role.RESPONDER)
