"""Opening a room."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.response import once, queries
from incidents.response.alike import alike
from incidents.response.declare_forms import DeclareForm
from incidents.response.link_forms import incident_meant
from incidents.response.models import Incident
from incidents.response.states import Severity
from incidents.runbooks import queries as runbooks
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

DECLARE = "incidents/response/declare.html"
_PREFILLED = ("title", "domain", "summary", "nature", "mode")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Open a room in seconds; a link may fill the form in advance. As a part: what the typed title looks like."""
    if request.method != "POST":
        return _show(request, DeclareForm(initial=_prefill(request)), request.GET.get("title", ""))
    form = DeclareForm(request.POST)
    if form.is_valid():
        try:
            incident = _declare(request, form)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, _said(incident.label, str(incident.domain), is_over=not incident.is_open))
            return see(request, incident)
    return _show(request, form, str(form["title"].value() or ""), status=422)


def _declare(request: HttpRequest, form: DeclareForm) -> Incident:
    return once.declare(before=_before(request), **form.facts, by=person(request), at=now())


def _before(request: HttpRequest) -> Incident | None:
    """The incident that this one follows from, if the address or the form names one; never a reason not to declare."""
    given = request.POST if request.method == "POST" else request.GET
    return incident_meant(given.get("follows", ""), person(request))


def _said(label: str, domain: str, *, is_over: bool) -> str:
    if is_over:
        return f"{label} is written down. Its report is next."
    return f"{label} is open. The on-call people of {domain} are told."


def _show(request: HttpRequest, form: DeclareForm, title: str, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "alike": alike(title, person(request)),
        "runbooks": runbooks.alike(title),
        "before": _before(request),
    }
    return render_page(request, DECLARE, context, part="alike", status=status)


def _prefill(request: HttpRequest) -> dict[str, str]:
    given = {name: request.GET[name] for name in _PREFILLED if name in request.GET}
    return given | {"severity": queries.severity_or(request.GET.get("severity", ""), Severity.SEV2)}
