"""Screens of the components: words, order, status, what their checks say, and retiring."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.statuspage import components, observing, queries
from incidents.statuspage.component_forms import ComponentForm, ComponentStatusForm, ProposalForm
from incidents.statuspage.models import Component, ComponentStatus
from opsportal.acts import do_at_once
from opsportal.errors import Denied, Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

COMPONENT = "incidents/statuspage/component.html"
ORDER = "incidents/statuspage/components.html"
RETIRE = "incidents/statuspage/retire.html"
_WAYS = {"up": components.UP, "down": components.DOWN}


@require(Role.VIEWER)
@require_safe
def component_list(request: HttpRequest) -> HttpResponse:
    """Groups and components in the order of the page, and what was retired."""
    context = {
        "groups": queries.groups(),
        "retired": Component.objects.exclude(retired_at=None).order_by("-retired_at"),
        "can_publish": person(request).has_role(Role.PUBLISHER),
    }
    return render_page(request, ORDER, context)


@require(Role.PUBLISHER)
@require_POST
def component_status(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say how a component stands; readers see it within seconds."""
    component = queries.component_or_404(public_id)
    form = ComponentStatusForm(request.POST)
    if not form.is_valid():
        alert_message(request, "Choose one of the five statuses.")
        return see(request, "incidents:publish")
    to = form.cleaned_data["status"]
    return do_at_once(
        request,
        lambda: components.set_component(component, to=to, by=person(request), at=now()),
        said=f"{component.name}: {ComponentStatus(to).label}.",
        to="incidents:publish",
    )


@require(Role.PUBLISHER)
@require_POST
def component_proposal(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish what the checks say, or leave the page as it is."""
    component = queries.component_or_404(public_id)
    form = ProposalForm(request.POST)
    if not form.is_valid():
        alert_message(request, "Publish what the checks say, or dismiss it.")
        return see(request, "incidents:publish")
    given, by = form.cleaned_data, person(request)
    try:
        if given["answer"] == "accept":
            observing.accept(component, status=given["status"], by=by, at=now())
        else:
            observing.dismiss(component, status=given["status"], by=by, at=now())
    except Denied:
        raise
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        is_accepted = given["answer"] == "accept"
        said = f"{component.name}: {ComponentStatus(given['status']).label}."
        status_message(request, said if is_accepted else f"{component.name} stays as it is.")
    return see(request, "incidents:publish")


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def component_new(request: HttpRequest) -> HttpResponse:
    """A new part of the service on the page."""
    return _component(request, None)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def component_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Other words, another owner, other rules."""
    return _component(request, queries.component_or_404(public_id))


def _component(request: HttpRequest, component: Component | None) -> HttpResponse:
    form = ComponentForm(request.POST if request.method == "POST" else None, instance=component)
    if request.method == "POST" and form.is_valid():
        try:
            if component is None:
                components.add_component(form.part, by=person(request), at=now())
            else:
                components.edit_component(component, form.part, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{form.cleaned_data['name']} is saved.")
            return see(request, "incidents:publish")
    context = {"form": form, "component": component}
    return render_page(request, COMPONENT, context, status=422 if form.errors else 200)


@require(Role.PUBLISHER)
@require_POST
def component_move(request: HttpRequest, public_id: str, act: str) -> HttpResponse:
    """One place up or down: the component in its group, or its whole group."""
    component = queries.component_or_404(public_id)
    what, _, way = act.rpartition("-")
    if way not in _WAYS or what not in ("", "group"):
        raise Http404(act)
    if what:
        components.move_group(component.group_name, way=_WAYS[way], by=person(request), at=now())
    else:
        components.move_component(component, way=_WAYS[way], by=person(request), at=now())
    return see(request, "incidents:components")


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def component_retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it from the page, after asking."""
    component = queries.component_or_404(public_id)
    if request.method != "POST":
        return render_page(request, RETIRE, {"component": component}, part="dialog")
    components.retire(component, by=person(request), at=now())
    status_message(request, f"{component.name} is gone from the page. Its history stays.")
    return see(request, "incidents:components")


@require(Role.PUBLISHER)
@require_POST
def component_restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Back on the page."""
    component = queries.component_or_404(public_id)
    components.restore(component, by=person(request), at=now())
    status_message(request, f"{component.name} is on the page again.")
    return see(request, "incidents:components")
