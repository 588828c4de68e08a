"""Kinds that read numbers a service says about itself: Prometheus and JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from checks.catalogue.forms.addresses import AddressForm, clean_path
from checks.catalogue.forms.base import Preset
from checks.probes import json_metrics
from checks.probes.bounds import Bounds
from checks.probes.prometheus import ABOVE, BELOW, BOTH

_REQUESTS = "http_requests_total"
_VOLUME = {"volume_query": f"sum(increase({_REQUESTS}[1h]))", "volume_least": 100}


def _share(statuses: str, window: str) -> str:
    """The share of requests with these statuses; no such request at all is a share of 0."""
    of_them = f'(sum(rate({_REQUESTS}{{status=~"{statuses}"}}[{window}])) or vector(0))'
    return f"{of_them} / sum(rate({_REQUESTS}[{window}]))"


class PrometheusForm(AddressForm):
    """One instant query against bounds, or against this hour of the last four weeks."""

    spec_fields = (
        "url",
        "query",
        *("judge", "least", "most", "factor", "direction", "floor"),
        *("volume_query", "volume_least", "headers"),
    )
    more_fields = ("headers",)
    used: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "bounds": ("least", "most"),
        "baseline": ("factor", "direction", "floor"),
    }
    presets = {
        "5xx-baseline": Preset(
            "5xx share, against its baseline",
            {"query": _share("5..", "1h"), "judge": "baseline", "factor": 2, "floor": 0.005, **_VOLUME},
        ),
        "5xx": Preset("5xx share", {"query": _share("5..", "5m"), "most": 0.01, **_VOLUME}),
        "p95": Preset(
            "p95 latency",
            {
                "query": "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
                "most": 0.5,
                **_VOLUME,
            },
        ),
        "429": Preset(
            "429 spikes",
            {"query": _share("429", "1h"), "judge": "baseline", "factor": 3, "floor": 0.01, **_VOLUME},
        ),
        "volume": Preset("Request volume", {"query": f"sum(rate({_REQUESTS}[15m]))", "least": 0.1}),
        "volume-baseline": Preset(
            "Request volume, against its baseline",
            {"query": f"sum(rate({_REQUESTS}[1h]))", "judge": "baseline", "factor": 2, "direction": "below"},
        ),
        "replication": Preset("Replication lag", {"query": "max(pg_replication_lag_seconds)", "most": 0.1}),
        "backlog": Preset("Queue backlog", {"query": "sum(celery_queue_length)", "most": 1000}),
    }

    query = forms.CharField(
        max_length=1000,
        label="Query",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text="PromQL that comes to one number. Stored as it is: no secret and no person in a label.",
        error_messages={"required": "Write a query, or begin with a preset."},
    )
    judge = forms.ChoiceField(
        label="Against",
        choices=[("bounds", "Bounds"), ("baseline", "This hour of the last four weeks (median)")],
        initial="bounds",
    )
    least = forms.FloatField(required=False, label="At least", help_text="For bounds: less fails.")
    most = forms.FloatField(required=False, label="At most", help_text="For bounds: more fails.")
    factor = forms.FloatField(
        required=False,
        min_value=1,
        max_value=100,
        initial=2,
        label="Times the baseline",
        help_text="For the baseline: fails above this many times the median.",
    )
    direction = forms.ChoiceField(
        required=False,
        choices=[(ABOVE, "more than it"), (BELOW, "less than it"), (BOTH, "either")],
        label="Fails by",
        help_text="For the baseline: less means the median divided by the number above, such as half the requests.",
    )
    floor = forms.FloatField(
        required=False,
        min_value=0,
        initial=0,
        label="Floor",
        help_text="For the baseline: a number up to the floor is never too much, and while the baseline is at most "
        "the floor, less is not judged.",
    )
    volume_query = forms.CharField(
        required=False,
        max_length=1000,
        label="Volume query",
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="How much there is to judge. Too little is unknown, neither good nor bad.",
    )
    volume_least = forms.FloatField(required=False, min_value=0, label="Least volume")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].help_text = "Of Prometheus itself, such as https://prometheus.example. No key in it."

    def clean_url(self) -> str:
        address = super().clean_url()
        if "?" in address or "#" in address:
            raise forms.ValidationError("Write the address of the server only, without ? and #.")
        return address.removesuffix("/api/v1/query")

    def spec(self) -> dict[str, Any]:
        found = super().spec()
        unused = {name for judge, names in self.used.items() if judge != found["judge"] for name in names}
        return {name: value for name, value in found.items() if name not in unused}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("judge") == "bounds" and not {"least", "most"} & set(self.errors):
            try:
                Bounds.of(cleaned.get("least"), cleaned.get("most"))
            except ValueError:
                self.add_error("most", "Give a least or a most, and no least above the most.")
        if bool(cleaned.get("volume_query")) != (cleaned.get("volume_least") is not None):
            self.add_error("volume_least", "A volume needs both: the query and the least.")
        return cleaned


class JsonMetricsForm(AddressForm):
    """Numbers at paths of one answer."""

    spec_fields = ("url", "numbers", "volume_path", "volume_least", "headers")
    more_fields = ("headers",)
    usual_every = 300

    numbers = forms.CharField(
        max_length=2000,
        label="Numbers",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One a line: delivered_total >= 1, rates.suppression <= 0.05 or rates.hold 0..0.2.",
        error_messages={"required": "Name a number and its bounds."},
    )
    volume_path = forms.CharField(
        required=False,
        max_length=200,
        label="Volume",
        help_text="Where the answer says how much there is to judge, such as delivered_total.",
    )
    volume_least = forms.FloatField(
        required=False,
        min_value=0,
        label="Least volume",
        help_text="Less is unknown, neither good nor bad.",
    )

    def clean_numbers(self) -> str:
        rules = str(self.cleaned_data["numbers"]).strip()
        try:
            json_metrics.parse_rules(rules)
        except ValueError as problem:
            place = str(problem) if str(problem).startswith("line ") else f"more than {json_metrics.MOST_RULES} lines"
            raise forms.ValidationError(
                f"Not understood: {place}. Write a path, then >= 1, <= 0.05 or 0..0.2."
            ) from None
        return rules

    def clean_volume_path(self) -> str:
        path = str(self.cleaned_data["volume_path"]).strip()
        return clean_path(path) if path else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_half = bool(cleaned.get("volume_path")) != (cleaned.get("volume_least") is not None)
        if is_half and not {"volume_path", "volume_least"} & set(self.errors):
            self.add_error("volume_least", "A volume needs both: its path and the least.")
        return cleaned
