"""The staff side: how many are told and how it went, for everybody; who they are, for admins."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.subscribers import actions, queries
from incidents.subscribers.forms import AddForm, FilterForm, ImportForm
from incidents.subscribers.models import CHANNELS, Subscriber
from opsportal.acts import do_at_once
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require
from opsportal.signed_in import person
from opsportal.spreadsheet import line

LIST, REMOVE = "incidents/subscribers/list.html", "incidents/subscribers/remove.html"
IMPORT, PARTS = "incidents/subscribers/import.html", "incidents/subscribers/parts.html"
EXPORTED = ("address", "channel", "state", "components", "source", "date", "wording")
_REPORTS = 10


@require(Role.VIEWER)
@require_safe
def subscribers(request: HttpRequest) -> HttpResponse:
    """Sums and reports; for admins the list with its filters as well."""
    return _page(request)


@require(Role.ADMIN)
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Look one address up, whole; it is posted, so that it stays out of address bars and logs."""
    address = request.POST.get("q", "").strip()
    if not address:
        return see(request, "incidents:subscribers")
    return _page(request, address=address)


@require(Role.ADMIN)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Ask somebody in their name; they confirm by the link, as everybody does."""
    form = AddForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    try:
        actions.invite(**form.cleaned_data, by=person(request).username, at=now())
    except Refused as refusal:
        form.add_error("address", refusal.sentence)
        return _page(request, form=form, status=422)
    status_message(request, "A message with a link is on its way; they are told once they confirm.")
    return see(request, "incidents:subscribers")


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase an address, after asking."""
    row = get_object_or_404(Subscriber, pk=pk)
    if request.method != "POST":
        return render_page(request, REMOVE, {"one": queries.people([row])[0]}, part="dialog")
    return do_at_once(
        request,
        lambda: actions.remove(pk, by=person(request).username, at=now()),
        said="The address is erased. What waited for it is not sent.",
        to="incidents:subscribers",
    )


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Take over a table of addresses with proof of consent: all of it or nothing."""
    at = now()
    if request.method != "POST":
        return render_page(request, IMPORT, {"form": ImportForm(today=at.date())})
    form = ImportForm(request.POST, request.FILES, today=at.date())
    if not form.is_valid():
        return render_page(request, IMPORT, {"form": form}, status=422)
    count = actions.bring_in(form.rows, by=person(request).username, at=at)
    status_message(request, f"{count} added; {len(form.rows) - count} of the table were there already.")
    return see(request, "incidents:subscribers")


@require(Role.ADMIN)
@recent_sign_in
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All addresses with their proof of consent, streamed; the export itself stands in the audit log."""
    audit.record("subscriber.export", by=person(request).username, object=f"{Subscriber.objects.count()} rows")
    response = StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="subscribers-{now():%Y%m%dT%H%M%SZ}.csv"'
    return response


def _lines() -> Iterator[str]:
    yield line(EXPORTED)
    rows = Subscriber.objects.order_by("pk").prefetch_related("components")
    for row in rows.iterator(chunk_size=500):
        chosen = "" if row.is_all else ";".join(sorted(component.name for component in row.components.all()))
        on = row.consent_on.isoformat() if row.consent_on else ""
        yield line(
            (row.address.open(), row.channel, row.state, chosen, str(row.consent_source), on, str(row.consent_wording))
        )


@require(Role.VIEWER)
@require_safe
def audience(request: HttpRequest) -> HttpResponse:
    """How many news about these components would reach: part of whatever is about to be published."""
    asked = [one for one in request.GET.getlist("component") if one.isalnum()]
    return render_page(request, PARTS, {"audience": queries.audience(asked)}, part="audience")


@require(Role.VIEWER)
@require_safe
def told(request: HttpRequest, key: str) -> HttpResponse:
    """How one piece of news travels: part of whatever was published."""
    report = queries.report(key, exact=_sees_all(request))
    return render_page(request, PARTS, {"report": report}, part="told")


def _page(request: HttpRequest, *, form: AddForm | None = None, address: str = "", status: int = 200) -> HttpResponse:
    exact = _sees_all(request)
    context: dict[str, Any] = {
        "sums": queries.sums(exact=exact),
        "reports": queries.newest_reports(_REPORTS, exact=exact),
        "is_admin": exact,
    }
    if exact:
        context |= _list(request, address) | {"form": form or AddForm()}
    return render_page(request, LIST, context, status=status)


def _list(request: HttpRequest, address: str) -> dict[str, Any]:
    filters = FilterForm(request.GET)
    given = filters.cleaned_data if filters.is_valid() else {"channel": "", "state": ""}
    before = request.GET.get("before", "")
    rows = queries.chosen(
        **given, address=address, before=int(before) if before.isdecimal() and len(before) < 18 else None
    )
    shown = list(rows[: queries.SHOWN + 1])
    return {
        "people": queries.people(shown[: queries.SHOWN]),
        "older": shown[queries.SHOWN - 1].pk if len(shown) > queries.SHOWN else None,
        "filters": given,
        "address": address,
        "channels": CHANNELS,
        "states": Subscriber.State.choices,
    }


def _sees_all(request: HttpRequest) -> bool:
    return person(request).has_role(Role.ADMIN)
