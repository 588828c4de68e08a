"""The list with its readiness, one drill, its preview page, and every act in it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import ptag

from incidents.drills import actions, drawing, queries
from incidents.drills.forms import LessonsForm, StopForm, WordForm
from incidents.drills.models import Drill
from opsportal.acts import ask_first, do_at_once
from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/drills/list.html"
ROOM = "incidents/drills/room.html"
PREVIEW = "incidents/drills/preview.html"
ACT = "incidents/drills/act.html"
START = "incidents/drills/start.html"
_WHERE = {"NEXT_UPDATE_MISSING": "next_update_at", "NEXT_UPDATE_PAST": "next_update_at", "LESSONS_MISSING": "lessons"}


@require(Role.VIEWER)
@require_safe
def drill_list(request: HttpRequest) -> HttpResponse:
    """Drills newest first, what may be played, and whether one was held each month."""
    before = request.GET.get("before", "")
    listing = queries.listing(at=now(), before=int(before) if before.isdecimal() and len(before) < 9 else None)
    context = {
        "listing": listing,
        "charts": drawing.both(listing.months),
        "can_act": _may(request),
        "can_plan": person(request).has_role(Role.ADMIN),
    }
    return render_page(request, LIST, context)


def _tag(request: HttpRequest, number: int) -> str | None:
    found = Drill.objects.filter(number=number).values_list("version", "state", "incident__version").first()
    return None if found is None else f"{number}.{'.'.join(map(str, found))}"


@ptag(_tag)
@require(Role.VIEWER)
@require_safe
def drill(request: HttpRequest, number: int) -> HttpResponse:
    """One drill: its steps on their clocks, what was thrown in, the sheet, what readers would see."""
    return _show(request, queries.drill_or_404(number))


def _show(request: HttpRequest, found: Drill, form: WordForm | None = None) -> HttpResponse:
    at = now()
    context: dict[str, Any] = {
        "drill": found,
        "room": queries.room(found, person(request), at=at),
        "form": form or WordForm.beginning(found, at=at),
        "tag": _tag(request, found.number),
        "can_act": _may(request),
        "is_facilitator": found.facilitator_id == person(request).pk,
    }
    return render_page(request, ROOM, context, part="live", status=422 if form else 200)


@require(Role.VIEWER)
@require_safe
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """What the public page would have shown. It lies in the house, and no public address leads to it."""
    found = queries.drill_or_404(number)
    return render_page(request, PREVIEW, {"drill": found, "card": queries.preview(found, at=now())})


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask once, then raise the flag."""
    scenario = queries.scenario_or_404(slug)
    if request.method != "POST":
        return render_page(request, START, {"scenario": scenario}, part="dialog")
    try:
        begun = actions.start(scenario, by=person(request), at=now())
    except Refused as refusal:
        alert_message(request, refusal.sentence)
        return see(request, "incidents:drills")
    status_message(request, f"{begun.label} runs. The flag is up; alerting has to find it.")
    return see(request, begun)


@require(Role.RESPONDER)
@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """To the preview page, and nowhere else."""
    found, form = queries.drill_or_404(number), WordForm(request.POST)
    if form.is_valid():
        try:
            actions.publish(found, by=person(request), at=now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            status_message(request, "It is on the preview page. Nobody outside sees it.")
            return see(request, found)
    return _show(request, found, form)


@require(Role.RESPONDER)
@require_POST
def mitigate(request: HttpRequest, number: int) -> HttpResponse:
    """The flag goes down."""
    return _act(request, number, actions.mitigate, "The flag is down. The check passes again by itself.")


@require(Role.RESPONDER)
@require_POST
def send(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """What was held back, or is to come; whoever began the drill sends it, or anybody when the schedule did."""
    found = queries.drill_or_404(number)
    if found.facilitator_id not in (None, person(request).pk):
        raise Http404
    inject = found.injects.select_related("drill").filter(position=position).first()
    if inject is None:
        raise Http404
    return do_at_once(
        request, lambda: actions.throw_in(inject, by=person(request), at=now()), said="The inject is sent.", to=found
    )


def _act(request: HttpRequest, number: int, act: Callable[..., object], said: str) -> HttpResponse:
    found = queries.drill_or_404(number)
    return do_at_once(request, lambda: act(found, by=person(request), at=now()), said=said, to=found)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: HttpRequest, number: int) -> HttpResponse:
    """It was played to its end."""
    return _ask(
        request, number, LessonsForm, actions.finish,
        question="Is the drill complete?", verb="End the drill",
        consequence="The sheet is drawn up, the flag goes down, its room and its alerts are closed.",
        said="The drill is over. Everything is cleaned up.",
    )  # fmt: skip


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, number: int) -> HttpResponse:
    """It ends early; whoever sees something real may do it."""
    return _ask(
        request, number, StopForm, actions.stop,
        question="End it early?", verb="Stop the drill",
        consequence="Everything is cleaned up at once. It does not count as held.",
        said="The drill is stopped. Everything is cleaned up.",
    )  # fmt: skip


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def lessons(request: HttpRequest, number: int) -> HttpResponse:
    """What was learned, of a drill that ended without it."""
    return _ask(
        request, number, LessonsForm, actions.note_lessons,
        question="What was learned?", verb="Write it down",
        consequence="It is kept with the drill. Its sheet stays as it is.",
        said="Written down.",
    )  # fmt: skip


def _ask(
    request: HttpRequest, number: int, kind: type[forms.Form], act: Callable[..., object], *, said: str, **words: str
) -> HttpResponse:
    found = queries.drill_or_404(number)
    given = {"lessons": found.lessons} if kind is LessonsForm else {}
    form = kind(request.POST) if request.method == "POST" else kind(initial=given)

    def do() -> None:
        act(found, by=person(request), at=now(), **form.cleaned_data)

    return ask_first(request, ACT, form, do, said=said, to=found, shown={"drill": found, **words})


def _may(request: HttpRequest) -> bool:
    return person(request).has_role(Role.RESPONDER)
