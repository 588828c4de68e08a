"""The screen on which an incident that is over is published afterwards."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from incidents.statuspage import actions, backfill, queries
from incidents.statuspage.backfill_forms import AfterwardsForm, first_values
from incidents.statuspage.models import Component
from opsportal.errors import Denied, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

AFTERWARDS = "incidents/statuspage/afterwards.html"


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def public_afterwards(request: HttpRequest, number: int) -> HttpResponse:
    """Publish what is over with its true times; readers see that it was written afterwards."""
    side = queries.side_or_404(number, person(request))
    actions.require_may_be_public(side.incident)
    backfill.require_never_public(side.incident, side.public)
    components = list(Component.objects.in_order())
    initial = first_values(side.incident, components)
    form = AfterwardsForm(request.POST if request.method == "POST" else None, initial=initial, components=components)
    if request.method == "POST" and form.is_valid():
        try:
            backfill.publish_afterwards(side.incident, **form.given, by=person(request), at=now())
        except Denied:
            raise
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Published. Readers see it in the history, as written afterwards.")
            return see(request, "incidents:public_panel", number)
    return render_page(request, AFTERWARDS, {"form": form, "side": side}, status=422 if form.errors else 200)
