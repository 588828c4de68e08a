"""What changed, in an incident's room, and the mark on what may have caused it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.changes import queries, room, suspects
from incidents.changes.forms import SuspectForm
from incidents.response import queries as response
from opsportal.acts import Words, ask_first
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

OF_INCIDENT = "incidents/changes/of_incident.html"
SUSPECT = "incidents/changes/suspect.html"

MARK = Words(
    "May it be the cause?", "It is listed first, and recorded on the timeline with your reason.", "Suspect it",
    "is suspected",
)  # fmt: skip
CLEAR = Words(
    "Was it not the cause?", "The timeline keeps that it was suspected, and why it is not any more.", "It was not",
    "is not suspected any more",
)  # fmt: skip


@require(Role.VIEWER)
@require_safe
def of_incident(request: HttpRequest, number: int) -> HttpResponse:
    """A card of the room: suspects, and what began in the 24 hours before; a page without JavaScript."""
    incident = response.incident_or_404(number, person(request))
    context = {
        "incident": incident,
        "around": room.around(incident),
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, OF_INCIDENT, context, part="panel")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def mark(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say that a change may be the cause, and why."""
    return _ask(request, number, pk, MARK, suspects.mark)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def clear(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say that it was not, and why."""
    return _ask(request, number, pk, CLEAR, suspects.clear)


def _ask(request: HttpRequest, number: int, pk: int, words: Words, act: Callable[..., object]) -> HttpResponse:
    incident, change = response.incident_or_404(number, person(request)), queries.change_or_404(pk)
    form = SuspectForm(request.POST if request.method == "POST" else None)

    def do() -> None:
        act(incident, change, reason=form.cleaned_data["reason"], by=person(request), at=now())

    shown = {"incident": incident, "change": change, "words": words}
    return ask_first(request, SUSPECT, form, do, said=f"{change.label} {words.said}.", to=incident, shown=shown)
