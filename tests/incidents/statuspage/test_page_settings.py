"""Name, logo, colours, links and footer of the page: what is taken, what is refused, what readers get."""

import base64
import json
import re
import secrets
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from incidents.statuspage import brand, logo, page_settings, rendering, snapshot
from incidents.statuspage.content import Appearance, Link
from incidents.statuspage.models import Page
from incidents.statuspage.snapshot import file_of
from opsportal.errors import Denied, Refused
from opsportal.models import AuditEvent
from tests.incidents.statuspage.conftest import NOW, a_page
from tests.incidents.statuspage.test_snapshot import a_busy_page

GIVEN = {
    "name": "Harbour",
    "language": "en",
    "accent_light": "",
    "accent_dark": "",
    "header_links": "",
    "footer_links": "",
    "footer": "",
}


def part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def a_png(width: int = 8, height: int = 8, extra: bytes = b"") -> bytes:
    rows = zlib.compress((b"\0" + b"\x20\x60\xa0" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + extra + part(b"IDAT", rows) + part(b"IEND", b"")


def a_webp(flags: int = 0x0C) -> bytes:
    def one(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    size = (7).to_bytes(3, "little") * 2
    body = one(b"VP8X", bytes([flags]) + b"\0\0\0" + size) + one(b"VP8L", b"\x2f" + struct.pack("<I", 7 | 7 << 14))
    body += one(b"EXIF", b"51.5N 0.1W") + one(b"XMP ", b"<jane/>")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


# --- colours ----------------------------------------------------------------------------------------------------------


def test_the_house_s_own_colours_can_be_read():
    page_settings.require_readable("#3a4bc4", "#a9b4ff")


@pytest.mark.parametrize(
    ("light", "dark", "code", "word"),
    [
        ("#a9b4ff", "#a9b4ff", "ACCENT_UNREADABLE", "a contrast of 1.74 in the light theme"),
        ("#3a4bc4", "#3a4bc4", "ACCENT_UNREADABLE", "in the dark theme"),
        ("#3a4bc4", "", "ACCENT_HALF", "a colour for each theme"),
        ("red", "#a9b4ff", "ACCENT_UNKNOWN", "six digits"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_ratio(light, dark, code, word):
    with pytest.raises(Refused) as refusal:
        page_settings.require_readable(light, dark)

    assert refusal.value.code == code
    assert word in refusal.value.sentence


@pytest.mark.parametrize("accent", ["#3a4bc4", "#a9b4ff", "#767676", "#000000", "#ffffff"])
def test_what_stands_on_the_accent_can_be_read_whatever_the_colour(accent):
    assert max(brand.contrast(accent, one) for one in brand._ON) >= 4.5


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_only_the_picture_is_kept_of_a_png():
    told = part(b"tEXt", b"Author\0Jane") + part(b"eXIf", b"51.5N")
    kept = logo.clean(a_png(extra=told) + b"<script>hidden behind the end</script>")

    assert kept.content_type == "image/png"
    assert kept.body == a_png()


def test_only_the_picture_is_kept_of_a_webp():
    kept = logo.clean(a_webp())

    assert kept.content_type == "image/webp"
    assert b"51.5N" not in kept.body
    assert b"jane" not in kept.body
    assert kept.body[20] == 0
    assert struct.unpack("<I", kept.body[4:8])[0] == len(kept.body) - 8


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "PNG or WebP"),
        (b"GIF89a", "PNG or WebP"),
        (a_png()[:-20], "damaged"),
        (a_png().replace(b"IDAT", b"IDAX"), "damaged"),
        (a_png(extra=part(b"IDAT", b"no pixels")), "damaged"),
        (a_png(extra=part(b"IDAT", zlib.compress(bytes(9_000_000)))), "damaged"),
        (a_png(2000, 8), "2000 × 8 pixels"),
        (a_png(extra=part(b"PLTE", bytes(6_000))), "at most 5 KB"),
        (a_webp()[:40], "damaged"),
        (b"RIFF\x04\0\0\0WEBP", "moves"),
    ],
)  # fmt: skip
def test_what_is_no_small_picture_is_refused(body, word):
    with pytest.raises(ValueError, match=word):
        logo.clean(body)


# --- the page ---------------------------------------------------------------------------------------------------------


def a_look(**values: object) -> Appearance:
    given = {
        "accent_light": "#0b6b4f",
        "accent_dark": "#63d2a8",
        "logo": base64.b64encode(a_png()).decode(),
        "logo_type": "image/png",
        "links": (Link("Help", "https://help.example/", "header"), Link("Imprint", "https://example.org/i", "footer")),
        "footer": "Harbour, a public service.",
    }
    return Appearance(**(given | values))  # type: ignore[arg-type]


def test_every_page_has_the_logo_the_links_and_the_footer():
    look = a_look()
    content = a_page()
    content = type(content)(**(vars(content) | {"look": look}))
    assets = rendering.assets(look)
    tree = snapshot.build(content, at=NOW, render=rendering.render, assets=assets)

    for path in ("status/index.html", "status/index.stale.html", "status/history/index.html", "status/404.html"):
        html = tree[path].decode()
        assert f'<img class="brand__logo" src="{assets.logo_address}" alt="">' in html
        assert '<a href="https://help.example/" rel="noopener">Help</a>' in html
        assert '<a href="https://example.org/i" rel="noopener">Imprint</a>' in html
        assert "Harbour, a public service." in html
        assert f'<meta property="og:image" content="https://ops.example{assets.logo_address}">' in html
    assert tree[file_of(assets.logo_address)] == a_png()
    assert b"--accent:light-dark(#0b6b4f,#63d2a8);--on-accent:light-dark(#ffffff,#0d1118)" in assets.css
    assert json.loads(tree[snapshot.MANIFEST])["addresses"][assets.logo_address]["headers"][0][1] == "image/png"


def test_a_first_view_with_the_largest_logo_keeps_to_four_requests_and_24_kb():
    body = a_png(extra=part(b"PLTE", secrets.token_bytes(logo.MOST_BYTES - 150)))
    look = a_look(logo=base64.b64encode(logo.clean(body).body).decode())
    content, assets = a_busy_page(), rendering.assets(look)
    content = type(content)(**(vars(content) | {"look": look}))
    tree = snapshot.build(content, at=NOW, render=rendering.render, assets=assets)
    html = tree["status/index.html"].decode()
    parts = re.findall(r'(?:<link rel="(?:stylesheet|icon)" href|<img [^>]*src)="(/[^"]*)"', html)

    assert len({*parts, "/status/"}) == 4
    assert sum(snapshot.sizes(tree, [file_of(path) for path in ("/status/", *parts)]).values()) <= 24 * 1024


def test_a_page_without_a_look_of_its_own_is_as_it_comes():
    tree = snapshot.build(a_page(), at=NOW, render=rendering.render, assets=rendering.assets())

    assert "<img" not in tree["status/index.html"].decode()
    assert "og:image" not in tree["status/index.html"].decode()


def test_saving_shows_it_at_once_and_stands_in_the_audit_log(
    backend, snapshot_dir, publisher, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        page_settings.save("Harbour", a_look(), by=publisher, at=NOW)

    html = (snapshot_dir / "current/status/index.html").read_text()
    assert "Harbour status" in html
    assert "Harbour, a public service." in html
    assert Page.objects.get().appearance == a_look()
    assert AuditEvent.objects.filter(act="status_page.look", actor=publisher.username).exists()


def test_responders_do_not_change_it(backend, snapshot_dir, responder):
    with pytest.raises(Denied):
        page_settings.save("Harbour", a_look(), by=responder, at=NOW)


@pytest.mark.django_db
def test_a_publisher_saves_the_form_and_finds_it_again(client_as, publisher, snapshot_dir):
    picture = SimpleUploadedFile("logo.png", a_png(extra=part(b"tEXt", b"Author\0Jane")), "image/png")
    browser = client_as(publisher)
    sent = GIVEN | {
        "accent_light": "#0B6B4F",
        "accent_dark": "#63d2a8",
        "header_links": "Help centre https://help.example/",
        "footer": "A public service.",
        "logo": picture,
    }
    assert browser.post(reverse("incidents:page_look"), sent).status_code == 302

    look = Page.objects.get().appearance
    assert base64.b64decode(look.logo) == a_png()
    assert look.links == (Link("Help centre", "https://help.example/", "header"),)
    shown = browser.get(reverse("incidents:page_look")).content.decode()
    assert "Help centre https://help.example/" in shown
    assert "#0b6b4f" in shown
    browser.post(reverse("incidents:page_look"), GIVEN | {"without_logo": "on"})
    assert Page.objects.get().logo == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("name", "", "Give a name."),
        ("accent_light", "#a9b4ff", "a contrast of"),
        ("header_links", "Help http://help.example/", "begins with https://"),
        ("header_links", "https://help.example/", "write words"),
        ("header_links", "Help https://[::1", "begins with https://"),
        ("header_links", "Help https://\u2100.example/", "begins with https://"),
        ("footer_links", "Help https://help.example:99999/", "begins with https://"),
        ("name", "Har\nbour", "Write one line"),
        ("footer", "\u202eruobraH", "turn the reading direction"),
        ("footer_links", "Help javascript:alert(1)", "begins with https://"),
        ("footer_links", "\n".join(["a https://b.example/"] * 6), "At most 5 links"),
        ("footer", "Write to jane@customer.example", "Not saved"),
        ("logo", SimpleUploadedFile("logo.svg", b"<svg/>", "image/svg+xml"), "PNG or WebP"),
    ],
)
def test_what_is_not_well_formed_comes_back_with_a_sentence(client_as, publisher, snapshot_dir, field, value, word):
    before = Page.objects.get()
    answer = client_as(publisher).post(reverse("incidents:page_look"), GIVEN | {field: value})

    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert Page.objects.get().name == before.name
