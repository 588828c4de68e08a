"""The screen of degrade mode: lower the limits for a while, and end it early."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opsportal.degrade import actions
from opsportal.degrade.forms import KIB, LowerForm
from opsportal.degrade.models import LoweredLimits
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require

_SHOWN = 10


@require(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    """Look, and lower with a reason."""
    at = timezone.now()
    lowered = actions.current(at)
    form = LowerForm(request.POST or None, initial=_running(lowered))
    if request.method == "POST" and form.is_valid():
        actions.lower(
            body_bytes=min(form.cleaned_data["body_kib"] * KIB, settings.MAX_REQUEST_BODY_BYTES),
            batch_items=form.cleaned_data["batch_items"],
            lasts=form.lasts,
            reason=form.cleaned_data["reason"],
            by=request.user.get_username(),
            at=at,
        )
        status_message(request, "Lowered. Every web process knows within seconds.")
        return see(request, "degrade:limits")
    context = {
        "form": form,
        "lowered": lowered,
        "before": LoweredLimits.objects.exclude(ended_at=None).order_by("-pk")[:_SHOWN],
        "usual_kib": settings.MAX_REQUEST_BODY_BYTES // KIB,
        "usual_items": settings.INGEST_MAX_BATCH_ITEMS,
    }
    return render_page(request, "opsportal/degrade/limits.html", context, status=422 if form.is_bound else 200)


def _running(lowered: LoweredLimits | None) -> dict[str, int]:
    """Who changes what runs begins with it."""
    return {"body_kib": lowered.body_kib, "batch_items": lowered.batch_items} if lowered else {}


@require(Role.ADMIN)
@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Back to the configured limits."""
    actions.restore(by=request.user.get_username(), at=timezone.now())
    status_message(request, "The configured limits hold again.")
    return see(request, "degrade:limits")
