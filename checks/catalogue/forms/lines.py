"""Kinds below HTTP: a port, a certificate, a name."""

import re
from typing import Any, ClassVar

from django import forms

from checks.catalogue import surroundings
from checks.catalogue.forms.base import SpecForm
from checks.probes import dns
from checks.probes.tls import DEFAULT_MIN_DAYS
from opsportal.network import Forbidden

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?|\[?[0-9A-Fa-f:.]{2,45}\]?")
_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_*-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")


class TcpForm(SpecForm):
    """A host and a port."""

    spec_fields: ClassVar[tuple[str, ...]] = ("host", "port")
    typed: ClassVar[tuple[str, ...]] = ("host",)

    host = forms.CharField(
        max_length=253,
        label="Host",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="A name or an address, without http:// and without a path.",
        error_messages={"required": "Name the host."},
    )
    port = forms.IntegerField(min_value=1, max_value=65535, label="Port")

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).strip()
        if not _HOST.fullmatch(host):
            raise forms.ValidationError(
                "Write the host alone, such as db-1.example or 192.0.2.10. Other letters than a to z: in the xn-- form."
            )
        return host.strip("[]")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("host") and cleaned.get("port"):
            try:
                surroundings.guard().check_host(cleaned["host"], cleaned["port"])
            except Forbidden as refusal:
                self.add_error("host", str(refusal))
        return cleaned


class TlsForm(TcpForm):
    """A certificate behind a port."""

    spec_fields = ("host", "port", "min_days", "server_name")
    typed = ("host", "server_name")
    more_fields = ("server_name",)
    usual_every = 3600

    port = forms.IntegerField(min_value=1, max_value=65535, initial=443, label="Port")
    min_days = forms.IntegerField(
        min_value=1,
        max_value=365,
        initial=DEFAULT_MIN_DAYS,
        label="Days it must still be good",
        help_text="Fewer fail.",
    )
    server_name = forms.CharField(
        required=False,
        max_length=253,
        label="Name on the certificate",
        help_text="Empty: the host. For a server that is asked by another name or by its address.",
    )

    def clean_server_name(self) -> str:
        name = str(self.cleaned_data["server_name"]).strip()
        if name and not _NAME.fullmatch(name):
            raise forms.ValidationError("Write a host name, such as shop.example.")
        return name


class DnsForm(SpecForm):
    """A name and the records it should have."""

    spec_fields = ("name_asked", "record", "match", "expected", "server")
    typed = ("name_asked", "expected", "server")
    usual_every = 300

    name_asked = forms.CharField(
        max_length=253,
        label="Name asked for",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Such as shop.example.",
        error_messages={"required": "Write the name."},
    )
    record = forms.ChoiceField(label="Record", choices=[(one, one) for one in dns.RECORDS], initial="A")
    match = forms.ChoiceField(
        label="The answer", choices=[("contains", "contains"), ("equals", "is exactly")], initial="contains"
    )
    expected = forms.CharField(
        required=False,
        max_length=1000,
        label="Expected",
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One a line. Empty: any record will do. Of a text a part is enough.",
    )
    server = forms.CharField(
        required=False,
        max_length=60,
        label="Name server",
        help_text="Its address, such as 192.0.2.53. Empty: the one this machine uses.",
    )

    def clean_name_asked(self) -> str:
        name = str(self.cleaned_data["name_asked"]).strip()
        if not _NAME.fullmatch(name):
            raise forms.ValidationError("Write a name such as shop.example.")
        return name

    def clean_server(self) -> str:
        server = str(self.cleaned_data["server"]).strip()
        if not server:
            return ""
        try:
            address, port = dns.parse_server(server)
            surroundings.guard().check_address(address, port, host=address)
        except ValueError:
            raise forms.ValidationError("Write the server's address, such as 192.0.2.53 or 192.0.2.53:53.") from None
        except Forbidden as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return server

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("match") == "equals" and not cleaned.get("expected"):
            self.add_error("expected", "Say what the answer is exactly.")
        try:
            dns.split(cleaned.get("expected") or "", str(cleaned.get("record")))
        except ValueError:
            self.add_error("expected", "Write addresses, one a line.")
        return cleaned
