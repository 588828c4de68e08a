"""Muting an alert or a domain: for how long, and why."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from incidents.alerts import mutes
from incidents.alerts.models import Alert
from incidents.alerts.mutes import Mute
from incidents.ownership.models import Domain
from opsportal.acts import do_at_once
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy.forms import GuardedForm
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/alerts/mute.html"
_HOURS = [(1, "1 hour"), (4, "4 hours"), (12, "12 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week")]


class MuteForm(GuardedForm):
    """One alert by its key, or one domain; an end there always is."""

    dedup_key = forms.CharField(
        required=False, max_length=255, label="Alert", help_text="Its key, such as check:checkout."
    )
    domain = forms.ModelChoiceField(
        Domain.objects.order_by("position", "name"),
        required=False,
        label="Or a whole domain",
        empty_label="None",
        error_messages={"invalid_choice": "Choose a domain from the list."},
    )
    hours = forms.TypedChoiceField(coerce=int, choices=_HOURS, initial=1, label="For")
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="Shown beside the mute and in the audit log.",
        error_messages={"required": "Say why it is muted."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_named = not self.errors.keys() & {"dedup_key", "domain"}
        if is_named and bool(cleaned.get("dedup_key")) == bool(cleaned.get("domain")):
            self.add_error("dedup_key", "Name one alert, or choose one domain.")
        return cleaned

    def until(self, at: datetime) -> datetime:
        return at + timedelta(hours=self.cleaned_data["hours"])


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest) -> HttpResponse:
    """Ask what, for how long and why; then it wakes nobody until the end."""
    at = now()
    form = MuteForm(request.POST) if request.method == "POST" else MuteForm(initial=_asked_for(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = mutes.mute(
            dedup_key=given["dedup_key"], domain=given["domain"], until=form.until(at), reason=given["reason"],
            by=person(request), at=at,
        )  # fmt: skip
        status_message(request, f"Muted until {made.until:%H:%M} UTC on {made.until.day} {made.until:%b}: {made.what}.")
        return see(request, "incidents:alerts")
    return render_page(request, TEMPLATE, {"form": form}, part="dialog", status=422 if form.errors else 200)


def _asked_for(request: HttpRequest) -> dict[str, object]:
    """What the link to this page was about."""
    alert = request.GET.get("alert", "")
    if alert.isdecimal() and len(alert) < 18:
        key = Alert.objects.filter(pk=int(alert)).values_list("dedup_key", flat=True).first()
        return {"dedup_key": key or ""}
    return {"dedup_key": request.GET.get("key", "")[:255]}


@require(Role.RESPONDER)
@require_POST
def mute_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Hear it again."""
    muted = get_object_or_404(Mute.objects.select_related("domain"), pk=pk)
    return do_at_once(
        request,
        lambda: mutes.end(muted, by=person(request), at=now()),
        said=f"You hear {muted.what} again.",
        to="incidents:alerts",
    )
