"""One view answers page and part: the choice of template, redirects and the words after an act."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """True when htmx asks for a piece of the page and not for the page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx or htmx.history_restore_request:
        return False
    return htmx.request_type != "full"


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    part: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or its named partial when htmx asks; the same context serves both.

    After a POST the part also carries what `status_message` and `alert_message` left for the person.
    """
    is_part = part is not None and wants_part(request)
    response = render(request, f"{template}#{part}" if is_part else template, context, status=status)
    if is_part and request.method == "POST":
        response.write(said(request))
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    return response


def said(request: HttpRequest) -> str:
    """Waiting messages as an <hx-partial> for the status and alert regions; empty when there is nothing to say."""
    waiting = list(messages.get_messages(request))
    return render_to_string("parts/said.html", {"messages": waiting}, request) if waiting else ""


def status_message(request: HttpRequest, sentence: str) -> None:
    """Say that something is done, on the next page or with the part: role=status."""
    messages.success(request, sentence)


def alert_message(request: HttpRequest, sentence: str) -> None:
    """Say that something did not happen: role=alert."""
    messages.error(request, sentence)


def show_refusal(request: HttpRequest, sentence: str, code: str, *, status: int) -> HttpResponse:
    """A refusal no form showed: a note in the page's alert region for htmx, else a page of its own."""
    if not wants_part(request):
        return render(request, "refused.html", {"sentence": sentence, "code": code}, status=status)
    note = {"kind": "crit", "title": "That was not done", "body": sentence}
    response = render(request, "parts/note.html", note, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#alert", "innerHTML"
    return response


def see(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Go to another page after a POST, with and without htmx. An address with a # is only reached without reload."""
    url = resolve_url(to, *args, **kwargs)
    response = HttpResponseClientRedirect(url) if wants_part(request) else HttpResponseRedirect(url)
    patch_vary_headers(response, ["HX-Request", "HX-Request-Type"])
    return response
