"""Begin and stop seeing the portal as somebody else."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from opsportal.accounts.models import User
from opsportal.htmx import render_page
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require
from opsportal.view_as import actions
from opsportal.view_as.forms import ReasonForm
from opsportal.view_as.middleware import SESSION_KEY
from opsportal.view_as.models import Viewing


@require(Role.ADMIN)
@recent_sign_in
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, username: str) -> HttpResponse:
    """Ask for the reason, then begin."""
    assert isinstance(request.user, User)
    person = get_object_or_404(User, username=username)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        viewing = actions.start(person, by=request.user, reason=form.cleaned_data["reason"])
        request.session[SESSION_KEY] = viewing.pk
        return redirect("incidents:now")
    actions.require_allowed(person, by=request.user)
    status = 422 if form.is_bound else 200
    return render_page(request, "opsportal/view_as/start.html", {"form": form, "person": person}, status=status)


@require(Role.VIEWER)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Be oneself again."""
    viewing: Viewing | None = getattr(request, "view_as", None)
    if viewing is None:
        return redirect("incidents:now")
    actions.end(viewing, how=Viewing.End.STOPPED)
    request.session.pop(SESSION_KEY, None)
    messages.success(request, f"You are {viewing.admin} again.")
    return redirect("accounts:people")
