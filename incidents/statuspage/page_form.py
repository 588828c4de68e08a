"""The form of the page's own settings."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from incidents.statuspage import brand, logo, page_settings
from incidents.statuspage.content import Appearance, Link
from incidents.statuspage.language import LANGUAGES
from incidents.statuspage.logo import Picture
from incidents.statuspage.models import Page
from opsportal.errors import Refused
from opsportal.privacy.forms import GuardedForm

_MOST_LINKS = 5
_MOST_UPLOADED = 256 * 1024
_ADDRESS = re.compile(r"https://[^\s\"'<>\\]{1,300}")


class PageForm(GuardedForm):
    """It only checks; the action saves."""

    is_public = True

    name = forms.CharField(
        label="Name", max_length=80, help_text="Readers see “Name status”.", error_messages={"required": "Give a name."}
    )
    language = forms.ChoiceField(
        label="Language",
        choices=list(LANGUAGES.items()),
        initial="en",
        help_text="Of the page's own words and dates. What you write stays as you write it.",
        error_messages={"required": "Choose a language.", "invalid_choice": "Choose a language of the list."},
    )
    logo = forms.FileField(
        label="Logo",
        required=False,
        help_text=f"PNG or WebP, at most {logo.MOST_BYTES // 1024} KB. Places and names inside the file are taken out.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/webp"}),
    )
    without_logo = forms.BooleanField(label="Show no logo", required=False)
    accent_light = forms.CharField(
        label="Accent in the light theme",
        max_length=7,
        required=False,
        help_text="Such as #3a4bc4. It needs a contrast of 4.5 with the page's grounds.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    accent_dark = forms.CharField(
        label="Accent in the dark theme",
        max_length=7,
        required=False,
        help_text="Such as #a9b4ff. No one colour can be read on both grounds.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    header_links = forms.CharField(
        label="Links above",
        required=False,
        help_text="One a line: words, then an https address.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    footer_links = forms.CharField(
        label="Links below", required=False, help_text="As above, one a line.", widget=forms.Textarea(attrs={"rows": 2})
    )
    footer = forms.CharField(
        label="Text below", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    @classmethod
    def showing(cls, page: Page) -> "PageForm":
        """As it stands."""
        look = page.appearance
        fields = {name: getattr(look, name) for name in ("accent_light", "accent_dark", "footer", "language")}
        links = {f"{place}_links": _written(look, place) for place in ("header", "footer")}
        return cls(initial={"name": page.name, **fields, **links})

    def clean_logo(self) -> Picture | None:
        given: Any = self.cleaned_data.get("logo")
        if not isinstance(given, UploadedFile):
            return None
        if (given.size or 0) > _MOST_UPLOADED:
            raise ValidationError(f"The file is larger than {_MOST_UPLOADED // 1024} KB.")
        try:
            return logo.clean(given.read())
        except ValueError as reason:
            raise ValidationError(str(reason)) from reason

    def clean_accent_light(self) -> str:
        return str(self.cleaned_data["accent_light"]).lower()

    def clean_accent_dark(self) -> str:
        return str(self.cleaned_data["accent_dark"]).lower()

    def clean_header_links(self) -> tuple[Link, ...]:
        return _links(self.cleaned_data["header_links"], "header")

    def clean_footer_links(self) -> tuple[Link, ...]:
        return _links(self.cleaned_data["footer_links"], "footer")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        light, dark = cleaned.get("accent_light"), cleaned.get("accent_dark")
        if light is not None and dark is not None:
            try:
                page_settings.require_readable(light, dark)
            except Refused as refusal:
                self.add_error(_where(light, dark), refusal.sentence)
        return cleaned

    def appearance(self, page: Page) -> Appearance:
        """What it asks for; without a new picture the one of before stays."""
        given, before = self.cleaned_data, page.appearance
        picture: Picture | None = given["logo"]
        kept = (before.logo, before.logo_type)
        shown = (page_settings.as_text(picture), picture.content_type) if picture else kept
        image, image_type = ("", "") if given["without_logo"] else shown
        return Appearance(
            accent_light=given["accent_light"],
            accent_dark=given["accent_dark"],
            logo=image,
            logo_type=image_type,
            links=(*given["header_links"], *given["footer_links"]),
            footer=given["footer"],
            language=given["language"],
        )


def _where(light: str, dark: str) -> str:
    """The field that the refusal is about."""
    is_sound = brand.COLOUR.fullmatch(light) and brand.least_contrast(light, "light") >= brand.LEAST
    return "accent_dark" if is_sound else "accent_light"


def _written(look: Appearance, place: str) -> str:
    return "\n".join(f"{one.label} {one.address}" for one in look.links if one.place == place)


def _links(text: str, place: str) -> tuple[Link, ...]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LINKS:
        raise ValidationError(f"At most {_MOST_LINKS} links.")
    return tuple(_link(line, number, place) for number, line in enumerate(lines, 1))


def _link(line: str, number: int, place: str) -> Link:
    label, _, address = line.rpartition(" ")
    if not label.strip() or not _ADDRESS.fullmatch(address) or not _leads_somewhere(address):
        raise ValidationError(f"Line {number}: write words, a space and an address that begins with https://.")
    if len(label) > 40:
        raise ValidationError(f"Line {number}: at most 40 letters before the address.")
    return Link(label.strip(), address, place)


def _leads_somewhere(address: str) -> bool:
    """
    >>> _leads_somewhere("https://[::1"), _leads_somewhere("https://example.org:99999/")
    (False, False)
    """
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket, a port that none has, a letter that turns into a slash
        return False
