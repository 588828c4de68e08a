"""The forms of the kinds: defaults, what they store, and the sentence for each thing that is not right."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from checks.catalogue import kinds
from checks.catalogue.models import Check
from checks.probes.outcome import ErrorClass
from incidents.ownership.models import Domain
from opsportal.models import User
from tests.targets import HttpTarget

AddCheck = Callable[..., Check]
ClientAs = Callable[[User], Client]
pytestmark = pytest.mark.django_db
COMMON = {
    "name": "Watched",
    "severity": "SEV-2",
    "every_seconds": 60,
    "fail_after": 3,
    "ok_after": 2,
}
URL = "https://shop.example/"
# What each kind needs at least, and what is stored of it.
LEAST: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "http": ({"url": URL}, {"url": URL, "expect": "200-299"}),
    "limit_guard": (
        {"mode": "body", "url": URL, "bytes": 2097152, "code": "PAYLOAD_TOO_LARGE", "items": 501},
        {"mode": "body", "url": URL, "bytes": 2097152, "code": "PAYLOAD_TOO_LARGE", "code_path": "error.code"},
    ),
    "prometheus": (
        {"url": "https://prom.example/", "query": "sum(up)", "judge": "bounds", "least": "0", "factor": 2},
        {"url": "https://prom.example/", "query": "sum(up)", "judge": "bounds", "least": 0.0},
    ),
    "json_metrics": ({"url": URL, "numbers": "a >= 1"}, {"url": URL, "numbers": "a >= 1"}),
    "tcp": ({"host": "db.example", "port": 5432}, {"host": "db.example", "port": 5432}),
    "tls": (
        {"host": "shop.example", "port": 443, "min_days": 14},
        {"host": "shop.example", "port": 443, "min_days": 14},
    ),
    "dns": (
        {"name_asked": "shop.example", "record": "A", "match": "contains"},
        {"name_asked": "shop.example", "record": "A", "match": "contains"},
    ),
}


def form(kind: str, **fields: Any) -> Any:
    domain = Domain.objects.get(slug="frontend").pk
    typed = {**COMMON, "domain": domain, **LEAST[kind][0], **fields}
    return kinds.kind(kind).form({name: str(value) for name, value in typed.items()})


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_that_is_needed_is_enough(kind: str) -> None:
    filled = form(kind)

    assert filled.is_valid(), filled.errors
    assert filled.spec() == LEAST[kind][1]


@pytest.mark.parametrize("kind", LEAST)
def test_what_is_stored_comes_back_into_the_form(kind: str, add_check: AddCheck) -> None:
    check = add_check(kind=kind, spec={**LEAST[kind][1]})
    shown = kinds.kind(kind).form(check=check)
    again = {bound.name: bound.value() for bound in (*shown.target, *shown.more, *shown.rules)}
    sent = kinds.kind(kind).form(
        {**{k: v for k, v in again.items() if v is not None}, "name": "X", "domain": check.domain_id}, check=check
    )

    assert sent.is_valid(), sent.errors
    assert sent.spec() == LEAST[kind][1]
    assert kinds.kind(kind).target(sent.spec())


@pytest.mark.parametrize(
    ("kind", "fields", "field", "words"),
    [
        ("http", {"url": "portal:/x"}, "url", "watches itself"),
        ("http", {"json_equals": "ok"}, "json_path", "Say where"),
        ("http", {"is_last_good": "on"}, "json_path", "Say where"),
        ("http", {"json_path": "a", "json_equals": "x", "is_last_good": "on"}, "json_equals", "Leave this empty"),
        ("http", {"json_path": "a..b"}, "json_path", "Write a path"),
        ("http", {"method": "HEAD", "keyword": "x"}, "method", "HEAD brings no text"),
        ("http", {"url": "http://shop.example/", "min_tls_days": 5}, "min_tls_days", "Only an address with https"),
        ("http", {"headers": "Authorization"}, "headers", "Write each header as"),
        ("http", {"headers": "Authorization: Bearer x"}, "headers", "name only"),
        ("http", {"headers": "Authorization: SECRET_KEY"}, "headers", "must begin with CHECK_"),
        ("http", {"headers": "Host: CHECK_HOST"}, "headers", "cannot be set"),
        ("http", {"headers": "\n".join(f"X-{n}: CHECK_X" for n in range(6))}, "headers", "At most 5"),
        ("limit_guard", {"bytes": ""}, "bytes", "Say how many"),
        ("limit_guard", {"bytes": 9_000_000}, "bytes", "less than or equal"),
        ("limit_guard", {"mode": "batch", "item": "{"}, "item", "Write one JSON value"),
        ("limit_guard", {"mode": "batch", "items": 100_000, "item": f'"{"x" * 400}"'}, "item", "8 MiB"),
        ("limit_guard", {"mode": "batch", "expect": "4xx"}, "expect", "Write statuses"),
        ("limit_guard", {"mode": "rate", "within": 1001}, "within", "less than or equal"),
        ("limit_guard", {"mode": "rate", "within": 60, "let_through": 61}, "let_through", "than are sent"),
        ("limit_guard", {"mode": "rate", "within": ""}, "within", "Say how many"),
        ("limit_guard", {"url": "http://169.254.169.254/"}, "url", "never allowed"),
        ("prometheus", {"least": ""}, "most", "Give a least or a most"),
        ("prometheus", {"least": 5, "most": 4}, "most", "no least above the most"),
        ("prometheus", {"url": "https://prom.example/?x=1"}, "url", "the server only"),
        ("prometheus", {"url": "http://10.0.0.1:9090/"}, "url", "inside a private network"),
        ("prometheus", {"volume_query": "sum(up)"}, "volume_least", "needs both"),
        ("json_metrics", {"numbers": "a >= 1\nb is 3"}, "numbers", "line 2"),
        ("json_metrics", {"numbers": "\n".join(f"a{n} >= 1" for n in range(30))}, "numbers", "more than 20 lines"),
        ("json_metrics", {"volume_least": 3}, "volume_least", "needs both"),
        ("json_metrics", {"url": "http://[::1]/"}, "url", "inside a private network"),
        ("tcp", {"host": "10.0.0.5"}, "host", "inside a private network"),
        ("tcp", {"host": "https://db.example/x"}, "host", "Write the host alone"),
        ("tcp", {"host": "münchen.example"}, "host", "xn--"),
        ("tcp", {"host": "localhost"}, "host", "inside a private network"),
        ("tcp", {"port": 70000}, "port", "less than or equal"),
        ("tls", {"host": "169.254.169.254"}, "host", "never allowed"),
        ("tls", {"server_name": "a b"}, "server_name", "Write a host name"),
        ("dns", {"name_asked": "a b"}, "name_asked", "Write a name"),
        ("dns", {"server": "ns1.example"}, "server", "server's address"),
        ("dns", {"server": "10.0.0.53"}, "server", "inside a private network"),
        ("dns", {"match": "equals"}, "expected", "Say what the answer is"),
        ("dns", {"expected": "shop.example"}, "expected", "Write addresses"),
    ],
)
def test_what_is_not_right_is_said_beside_its_field(kind: str, fields: dict[str, Any], field: str, words: str) -> None:
    filled = form(kind, **fields)

    assert not filled.is_valid()
    assert words in " ".join(filled.errors.get(field, [])), filled.errors


@pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda one: one.slug)
def test_no_kind_has_a_field_that_every_check_has(kind: kinds.Kind) -> None:
    assert not set(kind.form.spec_fields) & {one.name for one in Check._meta.get_fields()}


def test_a_header_is_stored_by_the_name_of_its_variable() -> None:
    filled = form("http", headers="Authorization: CHECK_SHOP_TOKEN\nX-Plan: CHECK_PLAN")

    assert filled.is_valid(), filled.errors
    assert filled.spec()["headers"] == {"Authorization": "CHECK_SHOP_TOKEN", "X-Plan": "CHECK_PLAN"}


def test_drift_is_asked_for_by_the_domain() -> None:
    filled = form("http", json_path="build.version", is_last_good="on")

    assert filled.is_valid(), filled.errors
    assert filled.spec()["artifact_of"] == "frontend"
    assert "json_equals" not in filled.spec()


@pytest.mark.parametrize("slug", kinds.kind("prometheus").form.presets)
def test_a_preset_fills_the_form_and_can_be_saved(client_as: ClientAs, admin: User, slug: str) -> None:
    page = client_as(admin).get(f"/checks/new/?kind=prometheus&preset={slug}").text
    preset = kinds.kind("prometheus").form.presets[slug]
    filled = form("prometheus", **{"least": "", **preset.values})

    assert f'preset={slug}" aria-current="true">{preset.title}</a>' in page
    if "most" in preset.values:
        assert f'value="{preset.values["most"]}"' in page
    assert filled.is_valid(), filled.errors
    assert filled.spec()["query"] == preset.values["query"]


@pytest.mark.parametrize("kind", LEAST)
def test_each_form_is_shown_and_its_check_has_a_page(
    client_as: ClientAs, admin: User, add_check: AddCheck, kind: str
) -> None:
    check = add_check(kind=kind, spec=LEAST[kind][1], last_value=12.5)
    client = client_as(admin)

    assert kinds.kind(kind).purpose in client.get(f"/checks/new/?kind={kind}").text
    assert client.get(f"/checks/{check.key}/").status_code == 200
    assert client.get(f"/checks/{check.key}/edit/").status_code == 200


def test_try_now_shows_the_one_number_that_would_be_kept(
    client_as: ClientAs, admin: User, http_target: HttpTarget, settings: Settings
) -> None:
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    http_target.body = b'{"delivered_total": 41, "person": "secret"}'
    sent = {
        **COMMON,
        "domain": Domain.objects.get(slug="frontend").pk,
        "url": http_target.url,
        "numbers": "delivered_total >= 1",
    }

    page = client_as(admin).post("/checks/new/try/?kind=json_metrics", sent).text

    assert "It passes." in page
    assert "value    41 (the last one only)" in page
    assert "secret" not in page


def test_every_kind_and_every_error_class_has_its_row_in_the_docs() -> None:
    """Who adds one says what it does where operators look it up."""
    text = (settings.BASE_DIR / "docs" / "checks.md").read_text()
    rows = [line.strip("| ").split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    titles = {title for row in rows for title in row.split(", ")}

    assert {kind.title for kind in kinds.KINDS.values()} <= titles
    assert {f"`{error}`" for error in ErrorClass} <= titles
