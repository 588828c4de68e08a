"""The leak screen: one button, with the runbook beside it."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opsportal.htmx import render_page
from opsportal.leaks import actions
from opsportal.leaks.forms import LeakForm
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require


@require(Role.ADMIN)
@recent_sign_in
@require_http_methods(["GET", "POST"])
def leak(request: HttpRequest) -> HttpResponse:
    """End every session, token and link. The one who presses is logged out too."""
    form = LeakForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        report = actions.respond(by=request.user.get_username(), reason=form.cleaned_data["reason"], at=timezone.now())
        logout(request)
        return render(request, "opsportal/leaks/done.html", {"report": report})
    status = 422 if form.is_bound else 200
    return render_page(request, "opsportal/leaks/leak.html", {"form": form}, status=status)
