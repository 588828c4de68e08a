"""The matrix, edited in place: a row is swapped by htmx, or the whole page comes back with that row open."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_safe

from incidents.ownership import actions, queries
from incidents.ownership.forms import ContactForm, DomainForm
from incidents.ownership.models import Contact, Domain
from opsportal.errors import Conflict
from opsportal.htmx import render_page, see, status_message, wants_part
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/ownership/ownership.html"


@dataclass(frozen=True)
class Row:
    """One row as shown: the stored values, what is wrong with them, and the form while it is edited."""

    stored: Domain | Contact
    weakness: str = ""
    form: forms.Form | None = None
    conflict: str = ""


@require(Role.VIEWER)
@require_safe
def ownership(request: HttpRequest) -> HttpResponse:
    """Who holds what, and the gaps."""
    return _page(request)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def domain(request: HttpRequest, slug: str) -> HttpResponse:
    """One row of the matrix, open for editing; with ?shown as it stands, when somebody thinks better of it."""
    stored = get_object_or_404(Domain, slug=slug)
    if request.method != "POST":
        form = None if "shown" in request.GET else DomainForm.of(stored)
        return _page(request, _domain_row(stored, form), part="domain-row")
    form = DomainForm(request.POST, prefix=slug)
    if not form.is_valid():
        return _page(request, _domain_row(stored, form), part="domain-row", status=422)
    given = form.cleaned_data
    holders = actions.Holders(given["primary"], given["backup"], given["contact"], given["services"])
    try:
        stored = actions.change_domain(stored, holders, seen=given["version"], by=person(request))
    except Conflict as conflict:
        row = _domain_row(stored, _again(form, stored.version), conflict.sentence)
        return _page(request, row, part="domain-row", status=409)
    return _saved(request, _domain_row(stored), part="domain-row", sentence=f"{stored.name} saved.")


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, slug: str) -> HttpResponse:
    """One of the house's contacts, open for editing; with ?shown as it stands."""
    stored = get_object_or_404(Contact, slug=slug)
    if request.method != "POST":
        form = None if "shown" in request.GET else ContactForm.of(stored)
        return _page(request, Row(stored, form=form), part="contact-row")
    form = ContactForm(request.POST, prefix=slug)
    if not form.is_valid():
        return _page(request, Row(stored, form=form), part="contact-row", status=422)
    given = form.cleaned_data
    try:
        stored = actions.change_contact(
            stored, handle=given["handle"], note=given["note"], seen=given["version"], by=person(request)
        )
    except Conflict as conflict:
        row = Row(stored, form=_again(form, stored.version), conflict=conflict.sentence)
        return _page(request, row, part="contact-row", status=409)
    return _saved(request, Row(stored), part="contact-row", sentence=f"{stored.name} saved.")


def _domain_row(stored: Domain, form: forms.Form | None = None, conflict: str = "") -> Row:
    return Row(stored, queries.weakness(stored), form, conflict)


def _again(form: forms.Form, version: int) -> forms.Form:
    """The same text once more, now on top of what is stored: sending it again replaces that knowingly."""
    typed: Any = form.data
    data = typed.copy()
    data[form.add_prefix("version")] = version
    form.data = data
    return form


def _saved(request: HttpRequest, row: Row, *, part: str, sentence: str) -> HttpResponse:
    status_message(request, sentence)
    if wants_part(request):
        return _page(request, row, part=part)
    return see(request, "incidents:ownership")


def _page(request: HttpRequest, row: Row | None = None, *, part: str | None = None, status: int = 200) -> HttpResponse:
    """The matrix with `row` in place of what is stored for it; as a part, only that row."""
    domains, people = queries.matrix(), queries.contacts()
    context = {
        "rows": [row if row and row.stored == one else _domain_row(one) for one in domains],
        "contacts": [row if row and row.stored == one else Row(one) for one in people],
        "row": row,
        "form": row.form if row else None,
        "gaps": queries.gaps(domains, people),
        "places": queries.places(),
        "can_edit": person(request).has_role(Role.ADMIN),
    }
    return render_page(request, TEMPLATE, context, part=part, status=status)
