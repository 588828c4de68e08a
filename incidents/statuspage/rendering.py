"""Templates and assets of the public page, the same for every reader: the page's language and UTC."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from incidents.statuspage import brand
from incidents.statuspage.content import Appearance
from incidents.statuspage.snapshot import Assets

_AS_IT_COMES = Appearance()


def render(template: str, context: dict[str, Any]) -> str:
    """A page without request, person or session; a publisher's own time zone does not reach it.

    Everything a public template gets is a frozen value, so a page that does not change is rendered once a process.
    """
    return _rendered(template, tuple(context.items()))


@lru_cache(maxsize=2048)
def _rendered(template: str, values: tuple[tuple[str, Any], ...]) -> str:
    context = dict(values)
    with as_readers(context["frame"].language):
        return render_to_string(template, context)


@contextmanager
def as_readers(language: str) -> Iterator[None]:
    """The page's language and UTC; its English is the house's."""
    with timezone.override(UTC), translation.override(settings.LANGUAGE_CODE if language == "en" else language):
        yield


@lru_cache(maxsize=16)
def assets(look: Appearance = _AS_IT_COMES) -> Assets:
    """The stylesheet and the icon as the repository has them, with the house's colours and logo."""
    static = settings.BASE_DIR / "static"
    return Assets(
        css=(static / "css" / "public.css").read_bytes() + brand.rule(look.accent_light, look.accent_dark),
        icon=(static / "icons" / "icon.svg").read_bytes(),
        logo=base64.b64decode(look.logo),
        logo_type=look.logo_type,
    )
