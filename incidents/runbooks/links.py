"""Which links of a runbook lead nowhere: those inside the portal are looked up; outside.py asks the others."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from incidents.runbooks.models import Runbook


@dataclass(frozen=True)
class Links:
    """Links by what is known of them."""

    inside: list[str]
    dead: list[str]
    outside: list[str]


def look(hrefs: list[str]) -> Links:
    """At most one query. A page of the portal is alive when something answers its address, a runbook when it exists."""
    outside = outside_of(hrefs)
    inside = [one for one in hrefs if one not in outside and not one.startswith("#")]
    slugs = {one: slug for one in inside if (slug := _slug(one))}
    known = set(Runbook.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True)) if slugs else set()
    dead = [one for one in inside if (slugs[one] not in known if one in slugs else not _answers(one))]
    return Links(inside, dead, outside)


def outside_of(hrefs: list[str]) -> list[str]:
    """Those to other sites."""
    return [one for one in hrefs if one.startswith(("http://", "https://"))]


def sentence(dead: list[str]) -> str:
    """Words for who saves a text with such links."""
    return f"These links lead nowhere: {', '.join(dead)}." if dead else ""


def _slug(href: str) -> str:
    """The runbook that an address names."""
    try:
        match = resolve(urlsplit(href).path)
    except Resolver404:
        return ""
    is_runbook = match.view_name.startswith("incidents:runbook") and "slug" in match.kwargs
    return str(match.kwargs["slug"]) if is_runbook else ""


def _answers(href: str) -> bool:
    path = urlsplit(href).path
    if not path.startswith("/"):
        return False
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
