"""How many checks and objectives each domain has, as marks of the ownership matrix."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from checks.slo.models import Objective
from incidents.ownership.marks import Mark, counted
from incidents.ownership.models import Domain
from incidents.statuspage.models import Component
from opsportal.htmx import render_page, see, wants_part
from opsportal.roles import Role, require


@require(Role.VIEWER)
@require_safe
def marks(request: HttpRequest) -> HttpResponse:
    """Domains without a check or an objective are amber; asked for itself it leads to the matrix."""
    if not wants_part(request):
        return see(request, "incidents:ownership")
    columns = [("checks", _checks()), ("objective", _objectives())]
    return render_page(request, "parts/marks.html", {"columns": columns, "plain": _components()})


def _components() -> list[tuple[str, str]]:
    """The components of the status page under each domain, as words for its cell."""
    names: dict[str, list[str]] = {}
    for slug, name in Component.objects.order_by("position", "name").values_list("domain__slug", "name"):
        names.setdefault(slug, []).append(name)
    return [(f"components-{slug}", ", ".join(found)) for slug, found in names.items()]


def _checks() -> list[Mark]:
    domains = Domain.objects.order_by("position", "name").annotate(number=Count("checks", Q(checks__archived_at=None)))
    return [
        counted(one.slug, one.name, one.number, url=reverse("checks:domain", args=[one.slug]), what="check")
        for one in domains
    ]


def _objectives() -> list[Mark]:
    """The strictest promise of each domain stands in its cell."""
    url = reverse("checks:slo")
    strictest: dict[str, str] = {}
    rows = Objective.objects.in_use().order_by("-target", "key").values_list("domain__slug", "target")
    for slug, target in rows:
        strictest.setdefault(slug, f"{target.normalize():f} %")
    domains = Domain.objects.order_by("position", "name")
    return [
        Mark(one.slug, strictest[one.slug], url)
        if one.slug in strictest
        else counted(one.slug, one.name, 0, url=url, what="objective")
        for one in domains
    ]
