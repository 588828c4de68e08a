"""The rules of response under Settings: periods by severity, and the checklist that new incidents start with."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.response import checklist_template, policy
from incidents.response.models import ChecklistTemplateStep
from incidents.response.rules_forms import PeriodsForm, StepForm
from incidents.response.states import Severity
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy.forms import GuardedForm
from opsportal.roles import Role, require
from opsportal.signed_in import person

RULES = "incidents/response/rules.html"
PERIODS = "incidents/response/periods.html"
STEP = "incidents/response/template_step.html"


@require(Role.ADMIN)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Both at a glance."""
    return render_page(request, RULES, {"policies": policy.every(), "phases": checklist_template.phases()})


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def periods(request: HttpRequest, slug: str) -> HttpResponse:
    """The periods of one severity."""
    severity = _severity_or_404(slug)
    form = PeriodsForm(request.POST) if request.method == "POST" else PeriodsForm.showing(policy.of(severity))
    if form.is_bound and form.is_valid():
        try:
            policy.change(severity, form.periods, seen=form.cleaned_data["seen"], by=person(request))
        except Refused as refusal:
            return _refused(request, PERIODS, form, refusal, severity=severity, stored=policy.of(severity).periods)
        status_message(request, f"The periods of {severity} hold from the next clock on.")
        return see(request, "incidents:rules")
    return render_page(request, PERIODS, {"form": form, "severity": severity}, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_step(request: HttpRequest) -> HttpResponse:
    """One more step for new incidents."""
    form = StepForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            checklist_template.add(form.step, by=person(request))
        except Refused as refusal:
            return _refused(request, STEP, form, refusal)
        status_message(request, "New incidents have this step.")
        return see(request, "incidents:rules")
    return render_page(request, STEP, {"form": form}, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def change_step(request: HttpRequest, pk: int) -> HttpResponse:
    """A step in other words."""
    row = get_object_or_404(ChecklistTemplateStep, pk=pk)
    form = StepForm(request.POST) if request.method == "POST" else StepForm.showing(row)
    if form.is_bound and form.is_valid():
        try:
            checklist_template.change(row, form.step, seen=form.cleaned_data["seen"], by=person(request))
        except Refused as refusal:
            row.refresh_from_db()
            return _refused(request, STEP, form, refusal, row=row, stored=checklist_template.of(row))
        status_message(request, "New incidents have the step as it is now.")
        return see(request, "incidents:rules")
    return render_page(request, STEP, {"form": form, "row": row}, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_POST
def move_step(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """One place up or down, or away."""
    row = get_object_or_404(ChecklistTemplateStep, pk=pk)
    if act == "remove":
        checklist_template.remove(row, by=person(request))
        status_message(request, "New incidents do without this step.")
    elif act in ("up", "down"):
        checklist_template.move(row, up=act == "up", by=person(request))
    else:
        raise Http404(act)
    return see(request, "incidents:rules")


def _refused(request: HttpRequest, template: str, form: GuardedForm, refusal: Refused, **more: object) -> HttpResponse:
    """What was typed stays; after a conflict what is stored stands beside it, and sending again replaces it."""
    form.add_error(None, refusal.sentence)
    return render_page(request, template, {"form": form, **more}, status=refusal.status)


def _severity_or_404(slug: str) -> Severity:
    if slug not in set(Severity):
        raise Http404(slug)
    return Severity(slug)
