"""Acts that ask first: signing, sending back, offering a public summary."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.postmortems import actions, queries
from incidents.postmortems.forms import BackForm, SummaryForm
from opsportal.acts import ask_first
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
    return ask_first(
        request,
        SIGN,
        form,
        lambda: actions.review(found, by=person(request), at=now()),
        said="Signed. The report is no longer owed.",
        to=found,
        shown={"postmortem": found, "incident": found.incident},
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, number: int) -> HttpResponse:
    """Back to the draft, with what has to change."""
    found = queries.postmortem_or_404(number, person(request))
    form = BackForm(request.POST if request.method == "POST" else None)
    return ask_first(
        request,
        BACK,
        form,
        lambda: actions.send_back(found, reason=form.cleaned_data["reason"], by=person(request), at=now()),
        said="The report is a draft again.",
        to=found,
        shown={"postmortem": found, "incident": found.incident},
    )


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Offer a public summary to the status page."""
    found = queries.postmortem_or_404(number, person(request))
    form = SummaryForm(request.POST if request.method == "POST" else None, initial={"summary": found.public_summary})
    return ask_first(
        request,
        PUBLISH,
        form,
        lambda: actions.publish(found, summary=form.cleaned_data["summary"], by=person(request), at=now()),
        said="Offered. It waits on the status page as a draft until somebody publishes it there.",
        to=found,
        shown={"postmortem": found, "incident": found.incident},
    )
