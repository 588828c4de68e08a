"""The address of whoever asks is believed from proxies of the house only, and what strangers write is dropped."""

import ipaddress
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

from opsportal.proxies import TrustedProxies

PROXIES = tuple(ipaddress.ip_network(one) for one in ("10.0.0.0/8", "2001:db8:1::/64"))
STRANGER = "203.0.113.9"


def seen(peer: str, *, scheme: str = "http", **headers: str) -> dict[str, Any]:
    """What the house behind the door is told."""
    told: dict[str, Any] = {}

    def house(environ: dict[str, Any], _: object) -> list[bytes]:
        told.update(environ)
        return []

    TrustedProxies(house, networks=PROXIES, scheme=scheme)({"REMOTE_ADDR": peer, **headers}, lambda *_: None)
    return told


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        # A stranger at the door may write what they like.
        (STRANGER, "198.51.100.1", STRANGER),
        (STRANGER, "10.0.0.1", STRANGER),
        ("2001:db8:2::1", "198.51.100.1", "2001:db8:2::1"),
        # A proxy of ours is believed about the address next to it, not about what that one said.
        ("10.0.0.1", STRANGER, STRANGER),
        ("10.0.0.1", f"198.51.100.1, {STRANGER}", STRANGER),
        ("10.0.0.1", f"10.9.9.9, {STRANGER}", STRANGER),
        ("10.0.0.1", f"198.51.100.1,{STRANGER}, 10.0.0.2,10.0.0.3", STRANGER),
        ("2001:db8:1::5", "2001:db8:7::1", "2001:db8:7::1"),
        ("::ffff:10.0.0.1", STRANGER, STRANGER),
        # With a port, as some proxies write it.
        ("10.0.0.1", f"{STRANGER}:4711", STRANGER),
        ("10.0.0.1", "[2001:db8:7::1]:4711", "2001:db8:7::1"),
        # Nothing, or nothing readable: the nearest that is known.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", f"{STRANGER}, <script>, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "," * 5000, "10.0.0.1"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_counts(peer, forwarded, address):
    assert seen(peer, HTTP_X_FORWARDED_FOR=forwarded)["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("peer", "base", "told", "scheme"),
    [
        (STRANGER, "http", "https", "http"),
        (STRANGER, "https", "http", "https"),
        ("10.0.0.1", "http", "https", "https"),
        ("10.0.0.1", "https", "http", "http"),
        ("10.0.0.1", "http", "http, HTTPS", "https"),
        ("10.0.0.1", "https", "gopher", "https"),
        ("10.0.0.1", "https", "", "https"),
    ],
)
def test_the_scheme_is_believed_from_a_proxy_and_else_that_of_base_url(peer, base, told, scheme):
    assert seen(peer, scheme=base, HTTP_X_FORWARDED_PROTO=told)["wsgi.url_scheme"] == scheme


def test_what_was_told_about_the_way_goes_no_further():
    told = seen("10.0.0.1", HTTP_X_FORWARDED_HOST="evil.example", HTTP_FORWARDED="for=x", HTTP_X_REAL_IP="1.1.1.1")

    assert not [name for name in told if "FORWARDED" in name or "REAL_IP" in name]


@pytest.mark.django_db
def test_a_page_behind_a_proxy_that_ends_tls_is_served_as_https_and_not_redirected(settings):
    settings.SECURE_HSTS_SECONDS = 3600
    answered: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        answered.update(status=status, **dict(headers))

    environ = RequestFactory().get("/health/live", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_PROTO="https").environ
    TrustedProxies(WSGIHandler(), networks=PROXIES, scheme="http")(environ, start)

    assert answered["status"] == "200 OK"
    assert "max-age=3600" in answered["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in Client().get("/health/live", HTTP_X_FORWARDED_PROTO="https").headers
