"""Templates and assets of the public page, the same for every reader: English words and UTC, whoever publishes."""

from datetime import UTC
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from incidents.statuspage.snapshot import Assets


def render(template: str, context: dict[str, Any]) -> str:
    """A page without request, person or session; a publisher's own time zone does not reach it.

    Everything a public template gets is a frozen value, so a page that does not change is rendered once a process.
    """
    return _rendered(template, tuple(context.items()))


@lru_cache(maxsize=2048)
def _rendered(template: str, values: tuple[tuple[str, Any], ...]) -> str:
    with timezone.override(UTC), translation.override(settings.LANGUAGE_CODE):
        return render_to_string(template, dict(values))


@cache
def assets() -> Assets:
    """The stylesheet and the icon as the repository has them."""
    static = settings.BASE_DIR / "static"
    return Assets(css=(static / "css" / "public.css").read_bytes(), icon=(static / "icons" / "icon.svg").read_bytes())
