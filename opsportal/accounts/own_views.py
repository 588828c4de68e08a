"""Screens about oneself: account, time zone, living sessions, and proof again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opsportal.accounts import actions, factors, sessions
from opsportal.accounts.forms import ProfileForm
from opsportal.htmx import render_page
from opsportal.models import User
from opsportal.roles import Role, require


@require(Role.VIEWER)
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is here, in which zone, with which ways in, and where one is signed in."""
    me = _me(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial={"time_zone": me.time_zone})
    if form.is_valid():
        actions.set_time_zone(me, to=form.cleaned_data["time_zone"])
        messages.success(request, "Saved.")
        return redirect("accounts:profile")
    context = {
        "form": form,
        "factors": factors.factors_of([me]).get(me.pk, []),
        "needs_factor": factors.needs_factor(me),
        "sessions": sessions.living(me, current=request.session.session_key or ""),
        "own_time": timezone.now().astimezone(me.zone),
    }
    return render_page(request, "opsportal/accounts/profile.html", context, status=422 if form.is_bound else 200)


@require(Role.VIEWER)
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign oneself out elsewhere: of one session, or of all but this one."""
    me, chosen = _me(request), request.POST.get("session", "")
    if chosen:
        is_done = sessions.end(me, chosen=chosen, by=me)
        messages.success(request, "That session has ended." if is_done else "That session was over already.")
    else:
        count = sessions.end_all(me, by=me, but=request.session.session_key or "")
        messages.success(request, f"{count} other session{'' if count == 1 else 's'} ended.")
    return redirect("accounts:profile")


@require(Role.VIEWER)
@require_safe
def again(request: HttpRequest) -> HttpResponse:
    """For somebody who can prove nothing here: no password, no second factor."""
    page = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return render_page(request, "opsportal/accounts/again.html", {"next": page if is_ours else "/"})


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
