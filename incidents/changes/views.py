"""The list, its export, telling of a change, and what became of it."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.changes import actions, advice, export, notices, preflight, queries, states, verification
from incidents.changes.actions import Teller
from incidents.changes.forms import ChangeForm, FilterForm, ReasonForm, StartForm, SucceedForm
from incidents.changes.models import Change
from incidents.changes.states import Kind, Result
from opsportal.acts import Words, ask_first
from opsportal.audit import actions as audit
from opsportal.chips import Chip
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.sent_once import sent_once
from opsportal.signed_in import person

LIST = "incidents/changes/list.html"
ONE = "incidents/changes/change.html"
NEW = "incidents/changes/new.html"
ACT = "parts/act.html"

# Beside which field a refusal stands.
_HELD_UP = {"FROZEN": "override", "NOT_SIGNED_OFF": "override"}
_FIELDS = _HELD_UP | {
    "ARTIFACT_MISSING": "artifact",
    "TICKET_WRONG": "ticket",
    "TIME_TO_COME": "started_at",
    "TIMES_WRONG": "finished_at",
}

START = Words("Does it begin now?", "Rooms and charts show it from this minute on.", "It begins", "It runs.")
SUCCEED = Words("Is it in production and works?", "A deploy becomes the last known good one.", "It works", "Succeeded.")
FAIL = Words(
    "Did it fail?", "It did not work, or will not take place. Your reason stays with it.", "It failed", "Failed."
)
ROLL_BACK = Words(
    "Was it rolled back?",
    "Its version is no longer a good one. Record the rollback as its own change.",
    "It was rolled back",
    "Rolled back.",
)


@require(Role.VIEWER)
@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """Everything that was done to production, newest first; filters stand in the URL."""
    filters, at = filters_of(request), now()
    listing = queries.listing(filters, person(request), at=at)
    duties = verification.of(listing.rows)
    context = {
        "filters": filters,
        "listing": listing,
        "domains": queries.domains(),
        "results": Result.choices,
        "house": queries.HOUSE,
        "chips": _chips(filters),
        "days": [Chip(words, filters.address(days=days), filters.days == days) for days, words in queries.DAYS.items()],
        "older": filters.address(before=listing.before) if listing.before else "",
        "newest": filters.address() if filters.before else "",
        "export": filters.address(),
        "advice": advice.standing(at=at),
        "preflight": preflight.of(waiting, at=at) if (waiting := queries.next_planned(at)) else None,
        "rows": [(one, duties.get(one.pk)) for one in listing.rows],
        "due": verification.due(at),
        "goods": queries.last_good(),
        "freezes": queries.standing_freezes(at),
        "at": at,
        "can_record": _may(request),
        "can_freeze": person(request).has_role(Role.PUBLISHER),
    }
    return render_page(request, LIST, context, part="listing")


@require(Role.VIEWER)
@require_safe
def change_export(request: HttpRequest) -> StreamingHttpResponse:
    """The changes of the filters as CSV, up to a bound, streamed."""
    filters, at = filters_of(request), now()
    audit.record("changes.export", by=request.user.get_username(), object=filters.address()[1:])
    rows = export.lines(queries.everything(filters, at=at), address=request.build_absolute_uri)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="changes-{at:%Y%m%dT%H%M%SZ}.csv"'
    return response


@require(Role.VIEWER)
@require_safe
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change: its facts, its history, and the incidents that suspect it."""
    found, at = queries.change_or_404(pk), now()
    advised = advice.standing(at=at)
    context = {
        "one": found,
        "preflight": preflight.of(found, at=at) if found.checklist.exists() or found.result == Result.PLANNED else None,
        "duty": verification.of([found]).get(found.pk),
        "notices": notices.of(found),
        "advice": advised if advised and advised.change == found else None,
        "steps": queries.steps(found),
        "incidents": queries.suspecting(found, person(request)),
        "good": (good := queries.last_good_before(found)),
        "rollback": queries.rollback_address(found, good),
        "may": {one.value for one in states.following(found.result)} if _may(request) else set(),
        "can_record": _may(request),
    }
    return render_page(request, ONE, context)


@require(Role.RESPONDER)
@sent_once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Tell of a change. An address may carry what is known already."""
    if request.method != "POST":
        return _new(request, ChangeForm(initial={name: request.GET[name] for name in request.GET}))
    form = ChangeForm(request.POST)
    if form.is_valid():
        try:
            made = actions.record(form.facts, by=Teller(person(request)), at=now())
        except Refused as refusal:
            form.add_error(_FIELDS.get(refusal.code), refusal.sentence)
        else:
            status_message(request, f"{made.label} is recorded.")
            return see(request, made)
    return _new(request, form)


def _new(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    freezes = queries.standing_freezes(now())
    is_asked = bool(freezes or form.errors.get("override") or form["override"].value())
    context = {"form": form, "freezes": freezes, "asks_override": is_asked, "at": now()}
    return render_page(request, NEW, context, part="form", status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned one begins."""
    return _act(request, pk, START, StartForm, actions.start)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def succeed(request: HttpRequest, pk: int) -> HttpResponse:
    """It is in production and works."""
    return _act(request, pk, SUCCEED, SucceedForm, actions.succeed)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def fail(request: HttpRequest, pk: int) -> HttpResponse:
    """It did not work."""
    return _act(request, pk, FAIL, ReasonForm, actions.fail)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, pk: int) -> HttpResponse:
    """It was rolled back."""
    return _act(request, pk, ROLL_BACK, ReasonForm, actions.roll_back)


def _act(
    request: HttpRequest, pk: int, words: Words, form_class: type[forms.Form], act: Callable[..., Change]
) -> HttpResponse:
    """Ask, then do it; a refusal stands on the form."""
    found = queries.change_or_404(pk)
    form = form_class(request.POST if request.method == "POST" else None)

    def do() -> None:
        act(found, **form.cleaned_data, by=Teller(person(request)), at=now())

    said, shown = f"{found.label}: {words.said}", {"one": found, "sub": found.what, "words": words}
    return ask_first(request, ACT, form, do, said=said, to=found, shown=shown, where=_HELD_UP)


def filters_of(request: HttpRequest) -> queries.Filters:
    """The filters in the URL; what is not one of ours is left out, so that an old link still shows something."""
    form = FilterForm(request.GET)
    form.is_valid()
    given = form.cleaned_data
    return queries.Filters(
        kind=given.get("kind", ""),
        result=given.get("result", ""),
        domain=given.get("domain", ""),
        days=int(given.get("days") or queries.USUAL_DAYS),
        before=given.get("before"),
    )


def _chips(filters: queries.Filters) -> list[Chip]:
    """All, and the five kinds."""
    kinds = [Chip(one.label, filters.address(kind=one.value), one == filters.kind) for one in Kind]
    return [Chip("All", filters.address(kind=""), not filters.kind), *kinds]


def _may(request: HttpRequest) -> bool:
    return person(request).has_role(Role.RESPONDER)
