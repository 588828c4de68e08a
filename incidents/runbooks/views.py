"""The list, one runbook as steps, and what people say of it: verified, used, retired."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.runbooks import actions, arriving, diffing, following, queries
from incidents.runbooks.forms import FilterForm, SeenForm, SubjectForm, UseForm
from incidents.runbooks.models import Runbook, RunbookUse
from incidents.runbooks.queries import Filters, Listing
from incidents.runbooks.shown import Reader, shown
from opsportal.acts import do_at_once
from opsportal.chips import Chip
from opsportal.errors import Denied, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/runbooks/list.html"
RUNBOOK = "incidents/runbooks/runbook.html"
PRINT = "incidents/runbooks/print.html"
USES = "incidents/runbooks/uses.html"
SHIPPED = "incidents/runbooks/shipped.html"
RETIRE = "incidents/runbooks/retire.html"


@require(Role.VIEWER)
@require_safe
def runbook_list(request: HttpRequest) -> HttpResponse:
    """Every runbook by its title; filters stand in the URL."""
    filters = FilterForm(request.GET).filters
    listing = queries.listing(filters, at=now())
    context = {
        "filters": filters,
        "listing": listing,
        "domains": queries.domains(),
        "house": queries.HOUSE,
        "chips": _chips(filters, listing),
        "can_act": _may(request),
    }
    return render_page(request, LIST, context, part="listing")


def _chips(filters: Filters, listing: Listing) -> list[Chip]:
    shows = [("", f"In use {listing.total}")]
    shows += [(show, f"{words} {listing.numbers[show]}") for show, words in queries.SHOWS.items()]
    return [Chip(words, _to(filters, show), filters.show == show) for show, words in shows]


def _to(filters: Filters, show: str) -> str:
    kept = {"show": show, "domain": filters.domain}
    return "?" + urlencode({name: value for name, value in kept.items() if value})


@require(Role.VIEWER)
@require_safe
def runbook(request: HttpRequest, slug: str) -> HttpResponse:
    """One runbook. `?for=INC-12` says what it is followed for, so that its use is written down with it."""
    subject = SubjectForm({"subject": request.GET.get("for", "")}).subject_of
    return _show(request, queries.runbook_or_404(slug), UseForm(initial={"subject": subject}), subject=subject)


def _show(request: HttpRequest, found: Runbook, form: UseForm, *, subject: str = "", status: int = 200) -> HttpResponse:
    context = context_of(request, found) | {"form": form, "subject": subject}
    return render_page(request, RUNBOOK, context, part="steps", status=status)


def context_of(request: HttpRequest, found: Runbook, use: RunbookUse | None = None) -> dict[str, Any]:
    """What the page of a runbook shows, with the steps of a use or without."""
    sheet = queries.sheet(found, at=now())
    read = sheet.reading if use is None else following.read(use)
    return {
        "runbook": found,
        "sheet": sheet,
        "shown": shown(read, Reader(person(request), found, use)),
        "use": use,
        "can_act": _may(request),
        "before": found.version - 1,
    }


@require(Role.VIEWER)
@require_safe
def print_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The steps alone, as they go on paper."""
    found = queries.runbook_or_404(slug)
    return render_page(request, PRINT, {"runbook": found, "sheet": queries.sheet(found, at=now())})


@require(Role.VIEWER)
@require_safe
def uses(request: HttpRequest, slug: str) -> HttpResponse:
    """Every use, newest first."""
    found = queries.runbook_or_404(slug)
    context = {"runbook": found, "uses": queries.uses_of(found), "can_act": _may(request)}
    return render_page(request, USES, context)


@require(Role.RESPONDER)
@require_POST
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """Say how it went."""
    found, form = queries.runbook_or_404(slug), UseForm(request.POST)
    if form.is_valid():
        try:
            actions.record_use(found, **form.cleaned_data, by=person(request), at=now())
        except Refused as refusal:
            form.add_error("note" if refusal.code == "NOTE_MISSING" else None, refusal.sentence)
        else:
            status_message(request, "Written down. It counts among its uses.")
            return see(request, found)
    return _show(request, found, form, status=422)


@require(Role.RESPONDER)
@require_POST
def verify(request: HttpRequest, slug: str) -> HttpResponse:
    """Every step is right, as of today."""
    verified = partial(actions.verify, seen=SeenForm(request.POST).seen)
    return _act(request, slug, verified, "Verified today.")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then take it out of use."""
    if request.method != "POST":
        return render_page(request, RETIRE, {"runbook": queries.runbook_or_404(slug)}, part="dialog")
    return _act(request, slug, actions.retire, "Retired. It is offered nowhere any more.")


@require(Role.RESPONDER)
@require_POST
def bring_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Use it again."""
    return _act(request, slug, actions.bring_back, "It is in use again.")


def _act(request: HttpRequest, slug: str, act: Callable[..., Runbook], said: str) -> HttpResponse:
    found = queries.runbook_or_404(slug)
    return do_at_once(request, lambda: act(found, by=person(request), at=now()), said=said, to=found)


def _may(request: HttpRequest) -> bool:
    return person(request).has_role(Role.RESPONDER)


@require(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def shipped(request: HttpRequest, slug: str) -> HttpResponse:
    """The newer text that came with the portal, beside the one here; a responder takes it, or keeps one's own."""
    found = queries.runbook_or_404(slug)
    if request.method == "POST":
        return _answer(request, found)
    offered = arriving.offered(found)
    mine = actions.document_of(found).text
    context = {
        "runbook": found,
        "offered": offered,
        "lines": diffing.lines(mine, offered.text) if offered else [],
        "can_act": _may(request),
    }
    return render_page(request, SHIPPED, context)


def _answer(request: HttpRequest, found: Runbook) -> HttpResponse:
    by = person(request)
    if not by.has_role(Role.RESPONDER):
        raise Denied("ROLE_TOO_LOW", "Taking or leaving a text is for the role responder and above.")
    if request.POST.get("act") == "take":
        return _act(request, found.slug, partial(arriving.take, seen=SeenForm(request.POST).seen), "It is taken.")
    arriving.keep(found, by=by)
    status_message(request, "Yours is kept. A still newer text will be offered again.")
    return see(request, found)
