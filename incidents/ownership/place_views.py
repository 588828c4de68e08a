"""Where to look, edited by admins, and who changed what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.ownership import actions, queries
from incidents.ownership.forms import PlaceForm
from incidents.ownership.models import Place
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

PLACE = "incidents/ownership/place.html"
HISTORY = "incidents/ownership/history.html"


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def place_new(request: HttpRequest) -> HttpResponse:
    """Add a place to look at."""
    form = PlaceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_place(form.spot, by=person(request))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{made} is added.")
            return see(request, "incidents:ownership")
    context = {"form": form, "place": None}
    return render_page(request, PLACE, context, part="dialog", status=422 if form.errors else 200)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it."""
    found, status = get_object_or_404(Place.objects.select_related("domain"), pk=pk), 200
    form = PlaceForm(request.POST) if request.method == "POST" else PlaceForm.of(found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_place(found, form.spot, seen=form.cleaned_data["version"] or 0, by=person(request))
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Saved.")
            return see(request, "incidents:ownership")
    context = {"form": form, "place": get_object_or_404(Place, pk=pk), "is_conflict": status == 409}
    status = 422 if form.errors and status == 200 else status
    return render_page(request, PLACE, context, part="dialog", status=status)


@require(Role.ADMIN)
@require_POST
def place_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it away."""
    actions.remove_place(get_object_or_404(Place, pk=pk), by=person(request))
    status_message(request, "Taken away.")
    return see(request, "incidents:ownership")


@require(Role.VIEWER)
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Who changed what of the matrix, its handles and the rotas."""
    before = request.GET.get("before", "")
    rows = queries.history(before=int(before) if before.isdecimal() and len(before) < 18 else None)
    shown = rows[: queries.HISTORY]
    context = {"rows": shown, "older": shown[-1].pk if len(rows) > queries.HISTORY else None}
    return render_page(request, HISTORY, context)
