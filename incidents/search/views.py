"""The search page: one list for each kind of thing."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from incidents.search import queries
from opsportal.htmx import render_page
from opsportal.roles import Role, require


@require(Role.VIEWER)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What this wing knows about the words in the URL."""
    words = request.GET.get("q", "")
    context = {"words": words, "results": queries.search(words)}
    return render_page(request, "incidents/search/search.html", context, part="results")
