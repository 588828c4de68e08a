"""The rules of releases: one page of all kinds, and one form each."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from incidents.changes import rules
from incidents.changes.forms import RulesForm
from incidents.changes.release import ChangePolicy
from incidents.changes.states import Kind
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

ALL = "incidents/changes/rules.html"
ONE = "incidents/changes/rule.html"


@require(Role.VIEWER)
@require_safe
def rules_list(request: HttpRequest) -> HttpResponse:
    """What holds for each kind of change."""
    return render_page(request, ALL, {"rules": rules.every(), "can_edit": person(request).has_role(Role.ADMIN)})


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of one kind."""
    if slug not in set(Kind):
        raise Http404(slug)
    stored = rules.of(ChangePolicy.objects.get(pk=slug))
    form = RulesForm(request.POST) if request.method == "POST" else RulesForm.showing(stored)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            rules.change(slug, form.rules, seen=form.cleaned_data["seen"], by=person(request))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            status = refusal.status
        else:
            status_message(request, f"The rules hold for every {Kind(slug).label.lower()} from now on.")
            return see(request, "incidents:change_rules")
    context = {"form": form, "kind": Kind(slug), "stored": stored if status == 409 else None}
    return render_page(request, ONE, context, status=status if status != 200 else 422 if form.errors else 200)
