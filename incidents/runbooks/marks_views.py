"""How many runbooks each domain has, as marks of the ownership matrix."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents.ownership.marks import counted
from incidents.ownership.models import Domain
from opsportal.htmx import render_page, see, wants_part
from opsportal.roles import Role, require


@require(Role.VIEWER)
@require_safe
def marks(request: HttpRequest) -> HttpResponse:
    """Domains without a runbook are amber; asked for itself it leads to the matrix."""
    if not wants_part(request):
        return see(request, "incidents:ownership")
    url = reverse("incidents:runbooks")
    domains = Domain.objects.order_by("position", "name").annotate(
        number=Count("runbooks", Q(runbooks__retired_at=None))
    )
    found = [counted(one.slug, one.name, one.number, url=f"{url}?domain={one.slug}", what="runbook") for one in domains]
    return render_page(request, "parts/marks.html", {"columns": [("runbooks", found)]})
