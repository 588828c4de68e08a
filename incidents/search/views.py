"""The search page, one list for each kind of thing, and the few best hits for the palette."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.http import require_safe

from incidents.search import queries
from opsportal.context import shell_of
from opsportal.htmx import render_page, wants_part
from opsportal.navigation import Entry
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/search/search.html"


@require(Role.VIEWER)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What this wing knows about the words in the URL."""
    words = request.GET.get("q", "")[: queries.LONGEST]
    context = {"words": words, "results": queries.search(words, person(request))}
    return render_page(request, TEMPLATE, context, part="results")


@require(Role.VIEWER)
@require_safe
def top(request: HttpRequest) -> HttpResponse:
    """The screens and incidents that the words may mean; without htmx the search page says it all."""
    words = request.GET.get("q", "").strip()[: queries.LONGEST]
    if not wants_part(request):
        return redirect(f"{resolve_url('incidents:search')}?{urlencode({'q': words})}")
    context = {
        "words": words,
        "screens": _screens(request, words),
        "incidents": queries.top(words, person(request)),
        "runbooks": queries.top_runbooks(words),
    }
    return render_page(request, TEMPLATE, context, part="top")


def _screens(request: HttpRequest, words: str) -> list[Entry]:
    """Those whose name or purpose holds the words; all of them for no words."""
    entries = shell_of(request).reachable
    return [one for one in entries if words.lower() in f"{one.screen.title} {one.screen.purpose}".lower()]
