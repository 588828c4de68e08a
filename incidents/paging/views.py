"""How one is reached oneself, whom alarms call, and what became of each call."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import ptag

from incidents.paging import actions, queries, rules
from incidents.paging.forms import ReachForm, RuleForm
from incidents.paging.models import Reach
from incidents.response.queries import incident_or_404
from incidents.response.states import Severity
from opsportal.acts import do_at_once
from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.recent import is_recent, proof_address
from opsportal.roles import Role, require
from opsportal.signed_in import person

PAGING, RULE = "incidents/paging/paging.html", "incidents/paging/rule.html"
REACH, PROOF, OF_INCIDENT = (
    "incidents/paging/reach.html",
    "incidents/paging/proof.html",
    "incidents/paging/of_incident.html",
)


@require(Role.VIEWER)
@require_safe
def paging(request: HttpRequest) -> HttpResponse:
    """The rules, how everybody is reached, and the newest calls with their messages and silences."""
    at, me = now(), person(request)
    context = {
        "rules": rules.every(at),
        "people": queries.everybody(at),
        "calls": queries.latest_calls(me),
        "can_edit": me.has_role(Role.ADMIN),
    }
    return render_page(request, PAGING, context)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, slug: str) -> HttpResponse:
    """The rule of one severity."""
    if slug not in set(Severity):
        raise Http404(slug)
    severity, at = Severity(slug), now()
    form = RuleForm(request.POST) if request.method == "POST" else RuleForm.showing(rules.at(severity, at))
    if form.is_bound and form.is_valid():
        try:
            rules.change(severity, form.rule, seen=form.cleaned_data["seen"], by=person(request), at=at)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            context = {"form": form, "severity": severity, "stored": rules.at(severity, at)}
            return render_page(request, RULE, context, status=refusal.status)
        status_message(request, f"The rule of {severity} applies from the next alarm on.")
        return see(request, "incidents:paging")
    return render_page(request, RULE, {"form": form, "severity": severity}, status=422 if form.errors else 200)


def _tag(request: HttpRequest) -> str:
    return queries.version(person(request)) if request.method in ("GET", "HEAD") else ""


@require(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def reach(request: HttpRequest) -> HttpResponse:
    """One's own ways, and one more.

    An address that was typed must not be kept in the session while somebody proves who they are: it is dropped.
    """
    if request.method != "POST":
        return _ways(request)
    if not is_recent(request):
        alert_message(request, "Nothing was saved: prove who you are, then type it again.")
        return redirect(proof_address(request, back=reverse("incidents:reach")))
    return _add(request)


def _add(request: HttpRequest) -> HttpResponse:
    form = ReachForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        row, secret = actions.add(person(request), **form.cleaned_data, at=now())
    except Refused as refusal:
        form.add_error("name" if refusal.code == "NAME_TAKEN" else "address", refusal.sentence)
        return _page(request, form, status=refusal.status)
    if secret:
        return _page(request, ReachForm(), secret=secret, made=row)
    status_message(request, f"A question is on its way to {row.name}. Answer it there.")
    return see(request, "incidents:reach")


@ptag(_tag)
def _ways(request: HttpRequest) -> HttpResponse:
    return _page(request, ReachForm())


def _page(request: HttpRequest, form: ReachForm, *, status: int = 200, **more: object) -> HttpResponse:
    me, at = person(request), now()
    context = {"form": form, "ways": queries.ways_of(me, at), "tag": queries.version(me), **more}
    return render_page(request, REACH, context, part="ways", status=status)


@require(Role.VIEWER)
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message there and wait for the answer."""
    row = get_object_or_404(Reach, pk=pk)
    return do_at_once(
        request,
        lambda: actions.ask(row, by=person(request), at=now()),
        said=f"A question is on its way to {row.name}. Answer it there.",
        to="incidents:reach",
    )


@require(Role.VIEWER)
@require_POST
def first(request: HttpRequest, pk: int) -> HttpResponse:
    """Call this way first."""
    row = get_object_or_404(Reach, pk=pk)
    return do_at_once(
        request,
        lambda: actions.put_first(row, by=person(request)),
        said=f"{row.name} comes first.",
        to="incidents:reach",
    )


@require(Role.VIEWER)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a way away; its address is forgotten."""
    row = get_object_or_404(Reach, pk=pk)
    return do_at_once(
        request,
        lambda: actions.remove(row, by=person(request), at=now()),
        said=f"{row.name} is taken away.",
        to="incidents:reach",
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: HttpRequest, token: str) -> HttpResponse:
    """The answer to a question, from wherever it was read. Opening it proves nothing: mail programs open links."""
    try:
        row = actions.prove(token, at=now()) if request.method == "POST" else actions.read(token)
    except Refused as refusal:
        return render_page(request, PROOF, {"problem": refusal.sentence}, status=410)
    return render_page(request, PROOF, {"one": row, "is_done": request.method == "POST"})


@require(Role.VIEWER)
@require_safe
def of_incident(request: HttpRequest, number: int) -> HttpResponse:
    """Who was called for an incident, as a part of its room."""
    incident = incident_or_404(number, person(request))
    context = {"incident": incident, "calls": queries.calls_of(incident)}
    return render_page(request, OF_INCIDENT, context, part="calls")
