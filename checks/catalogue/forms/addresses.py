"""What all kinds share that ask an address: where, with which headers, and how both are judged."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from checks.catalogue import surroundings
from checks.catalogue.forms.base import SpecForm, env_name
from checks.probes.asking import HEADER_PREFIX
from checks.probes.client import PORTAL
from checks.probes.json_path import parse_path
from opsportal.network import Forbidden

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# What frames a request or names its host is the client's business.
_RESERVED = {"host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "trailer"}
_RESERVED |= {"accept-encoding", "expect", "cookie"}
MOST_HEADERS = 5


class AddressForm(SpecForm):
    """An address on the network, and headers whose values stay in the environment."""

    typed: ClassVar[tuple[str, ...]] = ("url",)

    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="Begins with https:// or http://. No password and no key in it: the address is stored.",
        error_messages={"required": "Write the address."},
    )
    headers = forms.CharField(
        required=False,
        max_length=500,
        label="Headers",
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One a line: the header, a colon, and the name of a variable that holds its whole value, "
        f"such as Authorization: {HEADER_PREFIX}SHOP_TOKEN. The value is never stored.",
    )

    def from_spec(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        lines = [f"{name}: {variable}" for name, variable in (spec.get("headers") or {}).items()]
        return {**spec, "headers": "\n".join(lines)}

    def clean_url(self) -> str:
        address = str(self.cleaned_data["url"]).strip()
        if self.fields["url"].disabled:
            return address
        if address.startswith(PORTAL):
            raise forms.ValidationError("The portal watches itself already. Write an address on the network.")
        try:
            surroundings.guard().check_url(address)
        except Forbidden as refusal:
            raise forms.ValidationError(str(refusal)) from None
        except ValueError:
            raise forms.ValidationError("This is not an address.") from None
        return address

    def clean_headers(self) -> dict[str, str]:
        lines = [line for line in str(self.cleaned_data["headers"]).splitlines() if line.strip()]
        if len(lines) > MOST_HEADERS:
            raise forms.ValidationError(f"At most {MOST_HEADERS} headers.")
        return dict(_header(line) for line in lines)


def _header(line: str) -> tuple[str, str]:
    """A header and the name of its variable. The prefix keeps the portal's own secrets at home."""
    name, colon, variable = (part.strip() for part in line.partition(":"))
    if not colon or not _HEADER.fullmatch(name):
        raise forms.ValidationError(f"Write each header as Name: {HEADER_PREFIX}VARIABLE.")
    if name.lower() in _RESERVED:
        raise forms.ValidationError(f"{name} cannot be set here.")
    if not env_name(variable).startswith(HEADER_PREFIX):
        raise forms.ValidationError(f"The variable's name must begin with {HEADER_PREFIX}, so that no other is sent.")
    return name, variable


def clean_path(path: str) -> str:
    """A path into a JSON answer, as it was typed."""
    try:
        parse_path(path)
    except ValueError:
        raise forms.ValidationError("Write a path such as status, build.version or items[0].state.") from None
    return path
