"""What may be played: reading, writing, the file, and when drills begin by themselves."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.drills import queries, scenarios
from incidents.drills.forms import PlanForm, ScenarioForm
from incidents.drills.models import Plan, Scenario
from opsportal.acts import do_at_once
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

ONE = "incidents/drills/scenario.html"
EDIT = "incidents/drills/edit.html"
PLAN = "incidents/drills/plan.html"
_WHERE = {"SLUG_TAKEN": "slug", "SLUG_UNKNOWN": "slug", "ZONE_UNKNOWN": "time_zone", "RULE_UNKNOWN": "rule"}


@require(Role.VIEWER)
@require_safe
def scenario(request: HttpRequest, slug: str) -> HttpResponse:
    """What is played, and how it went each time. What is thrown in is for responders."""
    found = queries.scenario_or_404(slug)
    context = {
        "scenario": found,
        "plot": found.script,
        "drills": found.drills.select_related("facilitator").order_by("-number")[: queries.PAGE],
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, ONE, context)


@require(Role.RESPONDER)
@require_safe
def as_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The scenario as a file, to be kept beside others."""
    found = queries.scenario_or_404(slug)
    response = HttpResponse(found.document, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}.yaml"'
    return response


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write one, or paste a file."""
    form = ScenarioForm(request.POST if request.method == "POST" else None, is_new=True)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = scenarios.create(given["slug"], given["document"], by=person(request))
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code, "document"), refusal.sentence)
        else:
            status_message(request, "It is written, and may be played.")
            return see(request, made)
    return _form(request, form, status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Play it otherwise; when somebody else saved meanwhile, both texts come back with 409."""
    found = queries.scenario_or_404(slug)
    if request.method != "POST":
        return _form(request, ScenarioForm(initial={"document": found.document}), found)
    form, status = ScenarioForm(request.POST), 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            saved = scenarios.change(found, given["document"], seen=given["version"] or 0, by=person(request))
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error("document", refusal.sentence)
        else:
            status_message(request, "It is saved. Drills that run keep the text they were begun with.")
            return see(request, saved)
    return _form(request, form, queries.scenario_or_404(slug), status=status)


def _form(
    request: HttpRequest, form: ScenarioForm, found: Scenario | None = None, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "scenario": found, "act": request.path, "is_conflict": status == 409}
    return render_page(request, EDIT, context, status=status)


@require(Role.RESPONDER)
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer it no more."""
    return _set(request, slug, is_retired=True, said="It is retired. Its drills stay.")


@require(Role.RESPONDER)
@require_POST
def bring_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer it again."""
    return _set(request, slug, is_retired=False, said="It may be played again.")


def _set(request: HttpRequest, slug: str, *, is_retired: bool, said: str) -> HttpResponse:
    found = queries.scenario_or_404(slug)
    return do_at_once(
        request,
        lambda: scenarios.set_retired(found, now() if is_retired else None, by=person(request)),
        said=said,
        to=found,
    )


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """When drills begin by themselves."""
    form = PlanForm(request.POST) if request.method == "POST" else PlanForm.of(Plan.objects.get())
    if form.is_bound and form.is_valid():
        try:
            scenarios.plan(form.rhythm, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(_WHERE.get(refusal.code), refusal.sentence)
        else:
            status_message(request, "Saved.")
            return see(request, "incidents:drills")
    return render_page(request, PLAN, {"form": form, "act": request.path}, status=422 if form.errors else 200)
