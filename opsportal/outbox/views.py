"""The Deliveries screen."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from opsportal.htmx import render_page
from opsportal.outbox import actions, queries
from opsportal.outbox.models import Delivery
from opsportal.roles import Role, require

SHOWN = 50


@require(Role.VIEWER)
@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Queues, retries and the newest messages; addresses of people are not shown."""
    state = request.GET.get("state", "")
    rows = Delivery.objects.order_by("-created_at")
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    context = {
        "queues": queries.queues(),
        "deliveries": rows[:SHOWN],
        "states": Delivery.State.choices,
        "state": state,
        "is_configured": bool(settings.SLACK_WEBHOOK_URL or (settings.EMAIL_CONFIGURED and settings.ALERT_EMAIL)),
    }
    return render_page(request, "opsportal/outbox/list.html", context)


@require(Role.ADMIN)
@require_POST
def delivery_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a given-up message again."""
    actions.replay(get_object_or_404(Delivery, pk=pk), by=request.user.get_username(), at=timezone.now())
    messages.success(request, "Queued again.")
    return redirect("outbox:list")
