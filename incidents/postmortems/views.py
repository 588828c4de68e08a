"""The list of reports, and one report: written, saved by itself, read, exported."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from incidents.follow_ups import queries as follow_ups
from incidents.postmortems import actions, markdown, queries
from incidents.postmortems.forms import LineForm, ReportForm
from incidents.postmortems.models import Postmortem
from incidents.postmortems.states import State
from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message, wants_part
from opsportal.models import User
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/postmortems/list.html"
REPORT = "incidents/postmortems/postmortem.html"
PRINT = "incidents/postmortems/print.html"


@require(Role.VIEWER)
@require_safe
def postmortem_list(request: HttpRequest) -> HttpResponse:
    """What is due first, then every report, newest first."""
    before = request.GET.get("before", "")
    only_due = request.GET.get("show") == "due"
    listing = queries.listing(
        person(request), only_due=only_due, before=int(before) if before.isdecimal() and len(before) < 9 else None
    )
    return render_page(request, LIST, {"listing": listing, "only_due": only_due})


@require(Role.VIEWER)
@require_safe
def postmortem(request: HttpRequest, number: int) -> HttpResponse:
    """One report; before there is one, the way to begin it."""
    incident = follow_ups.incident_or_404(number, person(request))
    found = queries.find(incident)
    if found is None:
        context = {
            "incident": incident,
            "owed": queries.owed_for(incident),
            "can_act": person(request).has_role(Role.RESPONDER),
        }
        return render_page(request, REPORT, context)
    return render_page(request, REPORT, context_of(request, found))


@require(Role.RESPONDER)
@require_POST
def begin(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a report."""
    incident = follow_ups.incident_or_404(number, person(request))
    try:
        actions.begin(incident, by=person(request), at=now())
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    return see(request, "incidents:postmortem", number)


@require(Role.RESPONDER)
@require_POST
def save(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what was typed; the browser asks for it two seconds after the last key, or a person by the button.

    `then=review` also asks for the second reader. Somebody else's text in the same field answers 409 with both.
    """
    found, form = queries.postmortem_or_404(number, person(request)), ReportForm(request.POST)
    if not form.is_valid():
        return _with_form(request, found, form, status=422)
    over = request.POST.get("over", "")
    try:
        saved = actions.save(
            found,
            form.texts,
            seen=form.seen,
            over=int(over) if over.isdecimal() and len(over) < 9 else None,
            by=person(request),
            at=now(),
        )
        if request.POST.get("then") == "review":
            actions.ask_review(found, by=person(request), at=now())
            status_message(request, "A second reader is asked for.")
            return see(request, "incidents:postmortem", number)
    except actions.TextConflict as conflict:
        return _with_conflict(request, number, form, conflict)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _with_form(request, queries.postmortem_or_404(number, person(request)), form, status=422)
    return _saved(request, number, form, saved)


def _saved(request: HttpRequest, number: int, form: ReportForm, saved: actions.Saved) -> HttpResponse:
    if not wants_part(request):
        status_message(request, "Saved.")
        return see(request, "incidents:postmortem", number)
    context = context_of(request, queries.postmortem_or_404(number, person(request)), form)
    return render_page(request, REPORT, context | {"others": saved.others}, part="saved")


def _with_conflict(request: HttpRequest, number: int, form: ReportForm, conflict: actions.TextConflict) -> HttpResponse:
    """Both texts: the typed one stays in its box, the stored one stands beside it until one of them is chosen."""
    context = context_of(request, queries.postmortem_or_404(number, person(request)), form)
    context |= {
        "is_conflict": True,
        "conflicts": [(form.fields[name].label, text) for name, text in conflict.stored.items()],
        "over": conflict.version,
        "marks": [(f"seen-{name}", mark) for name, mark in form.seen.items()],
    }
    return render_page(request, REPORT, context, part="conflicted", status=409)


def _with_form(request: HttpRequest, found: Postmortem, form: ReportForm, *, status: int) -> HttpResponse:
    context = context_of(request, found, form)
    return render_page(request, REPORT, context | {"form": form}, part="refused", status=status)


def context_of(request: HttpRequest, found: Postmortem, form: ReportForm | None = None) -> dict[str, Any]:
    """Everything that the page and its parts show."""
    who, report = person(request), queries.report(found)
    can_write = who.has_role(Role.RESPONDER) and report.is_draft
    boxes = form or ReportForm.of(found)
    return {
        "report": report,
        "postmortem": found,
        "incident": report.incident,
        "states": list(State),
        # What somebody typed is shown again, also when the report is no draft any more.
        "boxes": boxes.boxes(report) if can_write or form else [],
        "marks": boxes.marks,
        "line_form": LineForm(),
        "today": now().date(),
        "can_act": who.has_role(Role.RESPONDER),
        "can_write": can_write,
        "can_sign": _can_sign(report, who),
        "can_publish": who.has_role(Role.PUBLISHER),
    }


def _can_sign(report: queries.Report, who: User) -> bool:
    is_waiting = report.postmortem.state == State.IN_REVIEW
    return is_waiting and who.has_role(Role.RESPONDER) and who not in report.authors


@require(Role.RESPONDER)
@require_POST
def line_add(request: HttpRequest, number: int) -> HttpResponse:
    """A line from memory."""
    found, form = queries.postmortem_or_404(number, person(request)), LineForm(request.POST)
    if form.is_valid():
        try:
            actions.add_line(found, **form.cleaned_data, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _lines(request, number)
    if wants_part(request):
        return _lines(request, number, form=form, status=422)
    context = context_of(request, found) | {"line_form": form, "form": form}
    return render_page(request, REPORT, context, status=422)


@require(Role.RESPONDER)
@require_POST
def lines_all(request: HttpRequest, number: int) -> HttpResponse:
    """Bring back the rows that were left out."""
    found = queries.postmortem_or_404(number, person(request))
    return _attempt(request, number, lambda: actions.take_in_all(found, by=person(request), at=now()))


@require(Role.RESPONDER)
@require_POST
def line_remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Leave a line out of the report."""
    line = queries.line_or_404(number, pk)
    return _attempt(request, number, lambda: actions.remove_line(line, by=person(request), at=now()))


def _attempt(request: HttpRequest, number: int, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    return _lines(request, number)


def _lines(request: HttpRequest, number: int, *, form: LineForm | None = None, status: int = 200) -> HttpResponse:
    """The lines and what counts them, or the way back to the report."""
    if not wants_part(request):
        return see(request, "incidents:postmortem", number)
    context = context_of(request, queries.postmortem_or_404(number, person(request)))
    return render_page(
        request, REPORT, context | {"line_form": form or LineForm()}, part="lines-changed", status=status
    )


@require(Role.VIEWER)
@require_safe
def markdown_file(request: HttpRequest, number: int) -> HttpResponse:
    """The report as a Markdown file."""
    report = queries.report(queries.postmortem_or_404(number, person(request)))
    text = markdown.document(report, base=settings.BASE_URL)
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{report.incident.label}-postmortem.md"'
    return response


@require(Role.VIEWER)
@require_safe
def print_page(request: HttpRequest, number: int) -> HttpResponse:
    """The report alone, as it goes on paper."""
    return render_page(request, PRINT, {"report": queries.report(queries.postmortem_or_404(number, person(request)))})
