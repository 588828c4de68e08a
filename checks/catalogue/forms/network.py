"""Kinds that ask one address: HTTP and the limits of a service."""

from collections.abc import Mapping
from typing import Any

from django import forms

from checks.catalogue.forms.addresses import AddressForm, clean_path
from checks.probes import limit_guard
from checks.probes.asking import parse_statuses
from checks.probes.http import DEFAULT_EXPECT


class HttpForm(AddressForm):
    """An address that is asked for by GET or HEAD."""

    spec_fields = (
        *("url", "expect", "keyword", "max_latency_ms"),
        *("method", "keyword_absent", "json_path", "json_equals", "min_tls_days", "headers", "connection"),
    )
    more_fields = (
        *("method", "keyword_absent", "json_path", "json_equals", "is_last_good"),
        *("min_tls_days", "headers", "connection"),
    )
    derived_fields = ("artifact_of",)

    expect = forms.CharField(
        required=False,
        max_length=64,
        initial=DEFAULT_EXPECT,
        label="Expected status",
        help_text="Such as 200, 200-299 or 200-299, 401.",
    )
    keyword = forms.CharField(
        required=False, max_length=120, label="Text in the answer", help_text="Looked for in the first 64 KiB."
    )
    max_latency_ms = forms.IntegerField(
        required=False, min_value=1, max_value=10_000, label="Longest time in ms", help_text="Slower fails."
    )
    method = forms.ChoiceField(
        required=False,
        choices=[("", "GET"), ("HEAD", "HEAD")],
        label="Method",
        help_text="HEAD asks for status and headers only.",
    )
    keyword_absent = forms.CharField(
        required=False, max_length=120, label="Text that must not be there", help_text="Its appearance fails."
    )
    json_path = forms.CharField(
        required=False,
        max_length=200,
        label="Path in a JSON answer",
        help_text="Such as status, build.version or items[0].state. Alone it only has to be there.",
    )
    json_equals = forms.CharField(
        required=False, max_length=200, label="Value there", help_text="As it is written: ok, true, 3."
    )
    is_last_good = forms.BooleanField(
        required=False,
        label="The value there is the version of the domain's last good deploy",
        help_text="Notices drift: something runs that no recorded deploy brought.",
    )
    min_tls_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=365,
        label="Days the certificate must still be good",
        help_text="Makes a new connection for each run.",
    )
    connection = forms.ChoiceField(
        required=False,
        choices=[("", "Keep open between runs"), ("fresh", "New for each run")],
        label="Connection",
        help_text="New ones notice trouble with names and certificates.",
    )

    def from_spec(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().from_spec(spec), "is_last_good": "artifact_of" in spec}

    def spec(self) -> dict[str, Any]:
        found = super().spec()
        if self.cleaned_data.get("is_last_good") and (self.check is None or not self.check.is_own):
            found["artifact_of"] = self.cleaned_data["domain"].slug
        return found

    def clean_expect(self) -> str:
        return _statuses(self.cleaned_data["expect"] or DEFAULT_EXPECT)

    def clean_json_path(self) -> str:
        path = str(self.cleaned_data["json_path"]).strip()
        return clean_path(path) if path else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        wants_value = cleaned.get("json_equals") or cleaned.get("is_last_good")
        if wants_value and not cleaned.get("json_path") and "json_path" not in self.errors:
            self.add_error("json_path", "Say where in the answer the value is.")
        if cleaned.get("json_equals") and cleaned.get("is_last_good"):
            self.add_error("json_equals", "Leave this empty when the last good deploy says the value.")
        if cleaned.get("method") == "HEAD" and any(cleaned.get(name) for name in _OF_A_BODY):
            self.add_error("method", "HEAD brings no text to look into. Choose GET.")
        if cleaned.get("min_tls_days") and not str(cleaned.get("url", "https:")).startswith("https:"):
            self.add_error("min_tls_days", "Only an address with https:// has a certificate.")
        return cleaned


_OF_A_BODY = ("keyword", "keyword_absent", "json_path")


class LimitGuardForm(AddressForm):
    """A request that is too large, or too many of them."""

    spec_fields = (
        *("mode", "url", "bytes", "items", "item", "list_name", "expect", "code", "code_path"),
        *("within", "let_through", "plan", "headers"),
    )
    usual_every = 3600
    needed = {"body": ("bytes",), "batch": ("items",), "rate": ("within",)}
    """What each mode has to say; of the rest it takes what is said."""
    used = {
        "body": ("bytes", "code", "code_path"),
        "batch": ("items", "item", "list_name", "expect", "code", "code_path"),
        "rate": ("within", "let_through", "plan"),
    }

    mode = forms.ChoiceField(
        label="Limit",
        choices=[
            ("body", "A body that is too large gets 413"),
            ("batch", "A list that is too long is refused"),
            ("rate", "Too many requests get 429"),
        ],
        initial="body",
        help_text="What is sent must do no harm if the limit is gone: use an account for tests.",
    )
    bytes = forms.IntegerField(
        required=False,
        min_value=limit_guard.FEWEST_BYTES,
        max_value=limit_guard.MOST_BYTES,
        initial=2 * 1024 * 1024,
        label="Bytes of the body",
        help_text="For a body: more than the service allows, 8 MiB at most.",
    )
    items = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100_000,
        initial=501,
        label="Items of the list",
        help_text="For a list: one more than the service allows.",
    )
    item = forms.CharField(
        required=False, max_length=500, initial="{}", label="One item", help_text="For a list: JSON, repeated."
    )
    list_name = forms.CharField(
        required=False,
        max_length=40,
        initial="items",
        label="Name of the list",
        help_text="For a list: its name in the body. Empty sends the bare list.",
    )
    expect = forms.CharField(
        required=False,
        max_length=64,
        initial=limit_guard.BATCH_STATUSES,
        label="Expected status",
        help_text="For a list: what a refusal looks like.",
    )
    code = forms.CharField(
        required=False,
        max_length=80,
        initial=limit_guard.DEFAULT_CODE,
        label="Code of the refusal",
        help_text="For a body or a list. Empty takes any.",
    )
    code_path = forms.CharField(
        required=False,
        max_length=200,
        initial=limit_guard.DEFAULT_CODE_PATH,
        label="Path of the code",
        help_text="Where in the JSON answer it is.",
    )
    within = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=limit_guard.MOST_REQUESTS,
        initial=60,
        label="429 within this many requests",
        help_text="For a rate: the limit and a few more. They go out four at a time, as GET, within 20 s in all.",
    )
    let_through = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=limit_guard.MOST_REQUESTS,
        label="Of them let through first",
        help_text="For a rate: the limit less a few; a 429 before fails. Empty: one at least.",
    )
    plan = forms.CharField(
        required=False,
        max_length=40,
        label="Plan",
        help_text="For a rate: whose limit it is, such as free. Its key is a header; one check for each plan.",
    )

    def spec(self) -> dict[str, Any]:
        found = super().spec()
        kept = {"mode", "url", "headers", *self.used.get(found["mode"], ())}
        return {name: value for name, value in found.items() if name in kept}

    def clean_expect(self) -> str:
        return _statuses(self.cleaned_data["expect"] or limit_guard.BATCH_STATUSES)

    def clean_code_path(self) -> str:
        return clean_path(str(self.cleaned_data["code_path"]).strip() or limit_guard.DEFAULT_CODE_PATH)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        mode = str(cleaned.get("mode"))
        for name in self.needed.get(mode, ()):
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, "Say how many.")
        if mode == "rate" and (cleaned.get("let_through") or 0) > (cleaned.get("within") or limit_guard.MOST_REQUESTS):
            self.add_error("let_through", "No more can be let through than are sent.")
        if mode == "batch" and cleaned.get("items") and "item" in cleaned:
            self._judge_batch(cleaned)
        return cleaned

    def _judge_batch(self, cleaned: dict[str, Any]) -> None:
        try:
            limit_guard.batch_body(cleaned)
        except ValueError:
            self.add_error("item", "Write one JSON value, and no more of them than make 8 MiB.")


def _statuses(typed: object) -> str:
    text = str(typed).strip()
    try:
        parse_statuses(text)
    except ValueError:
        raise forms.ValidationError("Write statuses from 100 to 599, such as 200 or 200-299, 401.") from None
    return text
