"""Proof of reach of those on call for each domain, as marks of the ownership matrix."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from incidents.oncall import queries as oncall
from incidents.oncall.queries import OnCall
from incidents.ownership.marks import Mark
from incidents.paging import queries
from incidents.paging.queries import Standing
from opsportal.htmx import render_page, see, wants_part
from opsportal.roles import Role, require


@require(Role.VIEWER)
@require_safe
def marks(request: HttpRequest) -> HttpResponse:
    """Domains whose primary or backup was not proved of late are amber; asked for itself it leads to the matrix."""
    if not wants_part(request):
        return see(request, "incidents:ownership")
    return render_page(request, "parts/marks.html", {"columns": [("reach", _marks(now()))]})


def _marks(at: datetime) -> list[Mark]:
    desk = oncall.desk(at)
    pairs = [desk.on_call(one) for one in desk.domains]
    people = {who.person.pk: who.person for one in pairs for who in (one.first, one.backup) if who.person}
    standing = queries.standing_of(list(people.values()), at)
    return [_mark(one, standing) for one in pairs]


def _mark(one: OnCall, standing: dict[int, Standing]) -> Mark:
    """The older of the two proofs when both are fresh; else what the first of them lacks."""
    url = reverse("incidents:paging")
    found = [standing[who.person.pk] for who in (one.first, one.backup) if who.person]
    weak = next((reach for reach in found if not reach.is_fresh), None)
    if weak is not None:
        return Mark(one.slug, weak.words, url, f"Prove reach of {weak.person}", f"{weak.words}, on call for {one.name}")
    proofs = [reach.proved_at for reach in found if reach.proved_at is not None]
    if not proofs:
        return Mark(one.slug, "Nobody", url, f"Nobody to reach for {one.name}", "Nobody is on call")
    return Mark(one.slug, f"{min(proofs):%-d %b}", url)
