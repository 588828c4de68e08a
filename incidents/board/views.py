"""Now: the one screen that is always open."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_htmx.http import ptag

from incidents.board import queries
from opsportal.context import shell_of
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/board/now.html"


class TaggedRequest(HttpRequest):
    """A request whose tag was read before the page, so that news in between is shown by the next poll."""

    tag: str


def _tag(request: TaggedRequest) -> str:
    request.tag = queries.version(shell_of(request).now)
    return request.tag


@ptag(_tag)
@require(Role.VIEWER)
@require_safe
def board(request: TaggedRequest) -> HttpResponse:
    """What is open and what is due; as a part, 304 while nothing changed."""
    context = {
        "board": queries.board(shell_of(request).now, person(request)),
        "tag": request.tag,
        "can_act": person(request).has_role(Role.RESPONDER),
    }
    return render_page(request, TEMPLATE, context, part="board")
