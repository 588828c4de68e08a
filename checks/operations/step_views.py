"""Running a step of a runbook from its page, and the state of a check that a step names."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from checks.catalogue.models import Check
from checks.operations import steps
from incidents.runbooks import following
from incidents.runbooks import queries as runbooks
from incidents.runbooks.models import RunbookUse
from opsportal.errors import Denied, Refused
from opsportal.htmx import alert_message, render_page, see
from opsportal.roles import Role, require
from opsportal.signed_in import person

CHIP = "checks/operations/chip.html"


class StepForm(forms.Form):
    """Which step of which runbook; in a use that goes on, or in one that begins with it."""

    slug = forms.SlugField(max_length=60)
    use = forms.IntegerField(required=False, min_value=1)
    subject = forms.RegexField(r"^INC-[0-9]{1,8}\Z", required=False)
    number = forms.IntegerField(min_value=1, max_value=999)
    place = forms.IntegerField(min_value=0, max_value=99)


@require(Role.RESPONDER)
@require_POST
def run_step(request: HttpRequest) -> HttpResponse:
    """Run it; the page of the use says what came of it."""
    form = StepForm(request.POST)
    if not form.is_valid():
        raise Refused("STEP_UNKNOWN", "There is no such step. Open the runbook again.")
    given = form.cleaned_data
    use = _use(request, given)
    try:
        steps.run(use, number=given["number"], place=given["place"], by=person(request), at=now())
    except Denied:
        raise
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    return see(request, f"{use.get_absolute_url()}#step-{given['number']}")


def _use(request: HttpRequest, given: dict[str, object]) -> RunbookUse:
    runbook = runbooks.runbook_or_404(str(given["slug"]))
    if isinstance(given["use"], int):
        return runbooks.use_or_404(runbook, given["use"])
    return following.begin(runbook, subject=str(given["subject"]), by=person(request), at=now())


@require(Role.VIEWER)
@require_safe
def state_chip(request: HttpRequest, key: str) -> HttpResponse:
    """The state of a check, as a step of a runbook shows it."""
    at = now()
    check = Check.objects.in_use().filter(key=key).first()
    context = {"key": key, "check": check, "state": check.shown_state(at) if check is not None else None}
    return render_page(request, CHIP, context, part="chip")
