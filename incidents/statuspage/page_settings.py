"""What people decide about the page as a whole: its name, its logo, its colour, its links, its language."""

import base64
from datetime import datetime

from django.db import transaction

from incidents.statuspage import brand
from incidents.statuspage.actions import require_clean, require_role, show_after_commit
from incidents.statuspage.content import Appearance
from incidents.statuspage.language import LANGUAGES
from incidents.statuspage.logo import Picture
from incidents.statuspage.models import Page
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role


@transaction.atomic
def save(name: str, look: Appearance, *, by: User, at: datetime) -> Page:
    """Readers see it with the next build, which follows at once."""
    require_role(by, Role.PUBLISHER)
    name = name.strip()
    if not name:
        raise Refused("NAME_MISSING", "Give the page a name.")
    require_clean(name, look.footer, *(link.label for link in look.links), *(link.address for link in look.links))
    require_readable(look.accent_light, look.accent_dark)
    if look.language not in LANGUAGES:
        raise Refused("LANGUAGE_UNKNOWN", "Choose a language of the list.")
    page = Page.objects.select_for_update().get()
    page.name, page.footer = name, look.footer
    page.accent_light, page.accent_dark = look.accent_light, look.accent_dark
    page.logo, page.logo_type, page.language = look.logo, look.logo_type, look.language
    page.links = [{"label": one.label, "address": one.address, "place": one.place} for one in look.links]
    page.save()
    audit.record("status_page.look", by=by.username, object=name)
    show_after_commit(at)
    return page


def require_readable(light: str, dark: str) -> None:
    """Refuse a colour that cannot be read on the page's grounds, with its ratio."""
    if bool(light) != bool(dark):
        raise Refused("ACCENT_HALF", "Give a colour for each theme, or none: no colour can be read on both grounds.")
    for theme, colour in (("light", light), ("dark", dark)):
        if not colour:
            continue
        if not brand.COLOUR.fullmatch(colour):
            raise Refused("ACCENT_UNKNOWN", "Write a colour as # and six digits, such as #3a4bc4.")
        if (ratio := brand.least_contrast(colour, theme)) < brand.LEAST:
            raise Refused(
                "ACCENT_UNREADABLE",
                f"{colour} has a contrast of {ratio:.2f} in the {theme} theme; readers need {brand.LEAST:g}.",
            )


def as_text(picture: Picture) -> str:
    """A picture as it lies in the row."""
    return base64.b64encode(picture.body).decode()
