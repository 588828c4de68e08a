"""Trends for programs: the document of the screen's JSON."""

from typing import Annotated, Any, Literal

from django.http import Http404
from django.utils.timezone import now
from ninja import Field as Parameter
from ninja import Query, Router, Schema
from pydantic import BeforeValidator

from checks.catalogue.models import Check
from checks.trends import export, queries, stretch
from incidents.ownership.models import Domain
from opsportal.api.access import ApiRequest, Scoped

router = Router(tags=["Trends"])


def _number(said: Any) -> Any:
    """An address carries words, and the numbers are compared as they are; another word is refused with both of them."""
    return {str(one): one for one in stretch.WINDOWS}.get(said, said)


class TrendsQuery(Schema):
    """Whose weeks, and how many."""

    weeks: Annotated[Literal[12, 52], BeforeValidator(_number)] = 12
    check: str = Parameter("", max_length=64, description="Key of a check")
    domain: str = Parameter("", max_length=40, description="Slug of a domain; with neither, all domains")


@router.get("/trends", response=dict[str, Any], auth=Scoped("checks:read"), summary="Read trends")
def read_trends(request: ApiRequest, query: Query[TrendsQuery]) -> dict[str, Any]:
    """Closed ISO weeks, oldest first; null where nothing is known. `is_worse` and `words` follow the evidence rule."""
    check = Check.objects.in_use().select_related("domain").filter(key=query.check).first() if query.check else None
    domain = Domain.objects.filter(slug=query.domain).first() if query.domain else None
    if (query.check and check is None) or (query.domain and domain is None):
        raise Http404("no such check or domain")
    user = request.auth.user
    return export.document(queries.trends(stretch.newest(query.weeks, now()), check=check, domain=domain, person=user))
