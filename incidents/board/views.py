"""Now: the one screen that is always open."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe
from django_htmx.http import ptag

from incidents.board import queries
from opsportal.context import shell_of
from opsportal.htmx import render_page
from opsportal.models import User
from opsportal.roles import Role

TEMPLATE = "incidents/board/now.html"


def _tag(request: HttpRequest) -> str:
    return queries.version(now())


@ptag(_tag)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What is open and what is due; as a part, 304 while nothing changed."""
    at = shell_of(request).now
    context = {
        "board": queries.board(at),
        "tag": queries.version(at),
        "can_act": isinstance(request.user, User) and request.user.has_role(Role.RESPONDER),
    }
    return render_page(request, TEMPLATE, context, part="board")
