"""The list with its calendar, one duty, and settling what is owed."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.duties import actions, ics, queries
from incidents.duties.forms import HoldForm, WaiveForm
from incidents.oncall.queries import who
from opsportal.acts import ask_first
from opsportal.htmx import render_page
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/duties/list.html"
ONE = "incidents/duties/duty.html"
ACT = "incidents/duties/act.html"


@require(Role.VIEWER)
@require_safe
def duty_list(request: HttpRequest) -> HttpResponse:
    """What is owed again and again, what waits, and the weeks before and ahead."""
    at = now()
    return render_page(request, LIST, {"listing": queries.listing(at=at), "at": at, **_may(request)})


@require(Role.VIEWER)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The next weeks as a file for a calendar."""
    ahead = queries.ahead(queries.in_use(), at=now())
    response = HttpResponse(ics.calendar(ahead), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="duties.ics"'
    return response


@require(Role.VIEWER)
@require_safe
def duty(request: HttpRequest, slug: str) -> HttpResponse:
    """One duty: its rule, its owner now, and each time that it was due."""
    found, at = queries.duty_or_404(slug), now()
    context = {
        "duty": found,
        "who": who(found.owner, at),
        "occurrences": queries.occurrences(found),
        "next_at": found.due_after(at),
        "at": at,
        **_may(request),
    }
    return render_page(request, ONE, context)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, slug: str) -> HttpResponse:
    """It was done."""
    return _ask(request, slug, HoldForm, actions.hold, question="Is it done?", verb="It is done", said="Done.")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: HttpRequest, slug: str) -> HttpResponse:
    """It need not be done this time."""
    return _ask(
        request, slug, WaiveForm, actions.waive, question="Skip it this time?", verb="Skip",
        said="Skipped this time.",
    )  # fmt: skip


def _ask(
    request: HttpRequest, slug: str, kind: type[forms.Form], act: Callable[..., object], *, said: str, **words: str
) -> HttpResponse:
    found = queries.duty_or_404(slug)
    form = kind(request.POST if request.method == "POST" else None)

    def do() -> None:
        act(found, by=person(request), at=now(), **form.cleaned_data)

    return ask_first(request, ACT, form, do, said=said, to=found, shown={"duty": found, **words})


def _may(request: HttpRequest) -> dict[str, bool]:
    role = person(request)
    return {"can_act": role.has_role(Role.RESPONDER), "can_edit": role.has_role(Role.ADMIN)}
