"""The More page, for phones and for whoever wants everything on one list; its part refreshes the numbers everywhere."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_htmx.http import ptag

from opsportal.context import shell_of
from opsportal.htmx import render_page


def _numbers(request: HttpRequest) -> str:
    return shell_of(request).tag


@ptag(_numbers)
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """Every screen this person may open. As a part: the numbers beside the navigation, 304 while they stand still."""
    return render_page(request, "opsportal/more.html", part="numbers")
