"""Runbooks beside an incident, and the form that takes the steps of one into its checklist."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.alerts import advice
from incidents.response import queries as response
from incidents.response.models import ChecklistStep
from incidents.runbooks import queries as runbooks
from incidents.runbooks.reading import Step
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

OF_INCIDENT = "incidents/alerts/runbooks.html"
TAKE = "incidents/alerts/take.html"


class TakeForm(forms.Form):
    """Which steps, and into which phase."""

    def __init__(self, steps: list[Step], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["phase"] = forms.ChoiceField(
            label="Phase", choices=ChecklistStep.Phase.choices, initial=ChecklistStep.Phase.DIAGNOSE
        )
        self.fields["steps"] = forms.TypedMultipleChoiceField(
            label="Steps",
            coerce=int,
            choices=[(one.number, f"{one.number}. {one.title}") for one in steps],
            initial=[one.number for one in steps],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one step."},
        )


@require(Role.VIEWER)
@require_safe
def of_incident(request: HttpRequest, number: int) -> HttpResponse:
    """A card of the room: what to do, by the tokens of its alerts and by its domain; a page without JavaScript."""
    incident = response.incident_or_404(number, person(request))
    context = {
        "incident": incident,
        "answers": advice.of_incident(incident),
        "can_act": person(request).has_role(Role.RESPONDER) and incident.closed_at is None,
    }
    return render_page(request, OF_INCIDENT, context, part="panel")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    """Choose steps and a phase; then they stand in the checklist."""
    incident, runbook = response.incident_or_404(number, person(request)), runbooks.runbook_or_404(slug)
    form = TakeForm(advice.steps_of(runbook), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        chosen, phase = set(form.cleaned_data["steps"]), form.cleaned_data["phase"]
        try:
            came = advice.take_steps(incident, runbook, numbers=chosen, phase=phase, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{came} step{'' if came == 1 else 's'} came into the checklist.")
            return see(request, f"{incident.get_absolute_url()}#checklist")
    context = {"incident": incident, "runbook": runbook, "form": form}
    return render_page(request, TAKE, context, part="dialog", status=422 if form.errors else 200)
