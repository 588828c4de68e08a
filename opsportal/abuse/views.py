"""The abuse desk: who knocks too often, and the doors shut for them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opsportal.abuse import actions, queries
from opsportal.abuse.forms import BanForm, UnbanForm
from opsportal.abuse.models import Ban
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require


@require(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Look, and ban with a reason."""
    at = timezone.now()
    form = BanForm(request.POST or None, initial={"who": request.GET.get("who", "")})
    if request.method == "POST" and form.is_valid():
        actions.ban(
            form.cleaned_data["who"],
            reason=form.cleaned_data["reason"],
            lasts=form.lasts,
            by=request.user.get_username(),
            at=at,
        )
        status_message(request, "Banned.")
        return see(request, "abuse:desk")
    context = {
        "doors": queries.doors(at),
        "strangers": queries.strangers(at),
        "bans": queries.bans(at),
        "form": form,
    }
    return render_page(request, "opsportal/abuse/desk.html", context, status=422 if form.is_bound else 200)


@require(Role.ADMIN)
@require_POST
def unban(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift a ban with a reason."""
    form = UnbanForm(request.POST)
    if form.is_valid():
        row = get_object_or_404(Ban, pk=pk)
        actions.unban(row, reason=form.cleaned_data["reason"], by=request.user.get_username(), at=timezone.now())
        status_message(request, "The ban is lifted.")
    else:
        alert_message(request, "Not lifted: say why in ten characters or more, without secrets.")
    return see(request, "abuse:desk")
