"""Acts that ask first: signing, sending back, offering a public summary."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.postmortems import actions, queries
from incidents.postmortems.forms import BackForm, SummaryForm
from incidents.postmortems.models import Postmortem
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

SIGN = "incidents/postmortems/sign.html"
BACK = "incidents/postmortems/back.html"
PUBLISH = "incidents/postmortems/publish.html"


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, number: int) -> HttpResponse:
    """The second reader's signature."""
    found = queries.postmortem_or_404(number, person(request))
    form = forms.Form(request.POST if request.method == "POST" else None)

    def act() -> str:
        actions.review(found, by=person(request), at=now())
        return "Signed. The report is no longer owed."

    return _ask(request, SIGN, found, form, act)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, number: int) -> HttpResponse:
    """Back to the draft, with what has to change."""
    found = queries.postmortem_or_404(number, person(request))
    form = BackForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        actions.send_back(found, reason=form.cleaned_data["reason"], by=person(request), at=now())
        return "The report is a draft again."

    return _ask(request, BACK, found, form, act)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Offer a public summary to the status page."""
    found = queries.postmortem_or_404(number, person(request))
    form = SummaryForm(request.POST if request.method == "POST" else None, initial={"summary": found.public_summary})

    def act() -> str:
        actions.publish(found, summary=form.cleaned_data["summary"], by=person(request), at=now())
        return "Offered. It waits on the status page as a draft until somebody publishes it there."

    return _ask(request, PUBLISH, found, form, act)


def _ask(
    request: HttpRequest, template: str, found: Postmortem, form: forms.Form, act: Callable[[], str]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            sentence = act()
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, sentence)
            return see(request, found)
    context = {"postmortem": found, "incident": found.incident, "form": form}
    return render_page(request, template, context, part="dialog", status=422 if form.errors else 200)
