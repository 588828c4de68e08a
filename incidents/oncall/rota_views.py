"""Rotas and handles as admins set them up."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.oncall import actions, handles, queries
from incidents.oncall.forms import HolderForm, RotaForm
from incidents.oncall.models import Rotation
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

ROTA = "incidents/oncall/rota.html"
END = "incidents/oncall/rota_end.html"
HANDLES = "incidents/oncall/handles.html"
HOLDER = "incidents/oncall/holder.html"


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def rota_new(request: HttpRequest) -> HttpResponse:
    """Begin a rota."""
    at = now()
    form = RotaForm(request.POST) if request.method == "POST" else RotaForm(initial={"first_on": at.date()})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.define(form.cleaned_data["name"], form.rule, by=person(request), at=at)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{made} is made. Give it a handle, so that it is called.")
            return see(request, "incidents:oncall_handles")
    return render_page(request, ROTA, {"form": form, "rota": None}, status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def rota(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a rota from a moment on; what was before stays."""
    rotation, at = get_object_or_404(Rotation, slug=slug, ended_at=None), now()
    plan = rotation.plans.order_by("-since").first()
    if plan is None:
        raise Http404
    if request.method != "POST":
        return render_page(request, ROTA, {"form": RotaForm.of(rotation, plan), "rota": rotation})
    form, status = RotaForm(request.POST), 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.change(
                rotation, given["name"], form.rule, since=given["since"] or at, seen=given["version"] or 0,
                by=person(request), at=at,
            )  # fmt: skip
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{given['name']} is saved.")
            return see(request, "incidents:oncall")
    rotation = get_object_or_404(Rotation, slug=slug)
    context = {"form": form, "rota": rotation, "is_conflict": status == 409, "stored": plan}
    return render_page(request, ROTA, context, status=status)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def rota_end(request: HttpRequest, slug: str) -> HttpResponse:
    """Nobody is on call by it any more."""
    rotation, refused = get_object_or_404(Rotation, slug=slug, ended_at=None), ""
    if request.method == "POST":
        try:
            actions.end(rotation, by=person(request), at=now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            status_message(request, f"{rotation} has ended. Its past stays.")
            return see(request, "incidents:oncall")
    context = {"rota": rotation, "refused": refused}
    return render_page(request, END, context, part="dialog", status=422 if refused else 200)


@require(Role.VIEWER)
@require_safe
def handle_list(request: HttpRequest) -> HttpResponse:
    """Every handle and who answers for it now."""
    desk = queries.desk(now())
    listed = handles.listed(desk)
    context = {
        "handles": listed,
        "unheld": sum(one.who.person is None for one in listed),
        "can_edit": person(request).has_role(Role.ADMIN),
    }
    return render_page(request, HANDLES, context)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def holder(request: HttpRequest, handle: str) -> HttpResponse:
    """Give a handle to a person, a rota or nobody."""
    found = next((one for one in handles.listed(queries.desk(now())) if one.handle == handle), None)
    if found is None:
        raise Http404
    stored = handles.chosen(handle)
    form = HolderForm(request.POST) if request.method == "POST" else HolderForm(initial=stored)
    status = 200
    if request.method == "POST" and form.is_valid():
        who, rotation = form.held()
        try:
            handles.hold(handle, person=who, rotation=rotation, seen=form.cleaned_data["version"], by=person(request))
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{handle} is held by {who or rotation or 'nobody'}.")
            return see(request, "incidents:oncall_handles")
    context = {"one": found, "form": form, "is_conflict": status == 409, "stored": stored}
    status = 422 if form.errors and status == 200 else status
    return render_page(request, HOLDER, context, part="dialog", status=status)
