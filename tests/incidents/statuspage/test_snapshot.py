"""The files of a snapshot: which there are, what they say, and how much they weigh."""

import gzip
import json
import random
import re
import threading
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

import brotli
import pytest

from incidents.statuspage import badge, content, load, rendering, snapshot, writer
from incidents.statuspage.addresses import ANSWERED, form_of
from tests.incidents.statuspage.conftest import (
    ASSETS,
    NOW,
    a_component,
    a_maintenance,
    a_page,
    ago,
    an_incident,
    an_update,
)


def built(page: content.Content, at: datetime = NOW, **more: Any) -> snapshot.Tree:
    return snapshot.build(page, at=at, render=rendering.render, assets=ASSETS, **more)


PAGE = a_page(an_incident(1), an_incident(2, is_open=False))


def test_it_holds_every_address_of_the_contract():
    addresses = set(json.loads(built(PAGE)[snapshot.MANIFEST])["addresses"])
    documents = {
        *("summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances"),
        *("scheduled-maintenances/upcoming", "scheduled-maintenances/active"),
    }

    assert addresses == {
        *("/status/", "/status/history/", "/status/history/2026-11/", "/status/404.html", "/status/badge.svg"),
        "/status/subscribe/",
        *("/status/maintenance/", "/status/maintenance.ics", "/status/components/"),
        *(
            f"/status/components/component00{number}/{name}"
            for number in (1, 2)
            for name in ("badge.svg", "intervals.json", "intervals.csv", "maintenance.ics")
        ),
        *("/status/incidents/incident0001/", "/status/incidents/incident0002/"),
        *(f"{base}/api/v2/{name}.json" for base in ("", "/status") for name in documents),
        *("/history.atom", "/history.rss", "/status/history.atom", "/status/history.rss"),
        *(ASSETS.css_address, ASSETS.icon_address),
    }
    # What programs and documents may name: assets change their name with their bytes, and the 404 is no address.
    named = addresses - {ASSETS.css_address, ASSETS.icon_address, "/status/404.html"}
    work = "/status/maintenance/maintain0001/"
    assert {form_of(path) for path in {*named, work}} == {one.pattern for one in ANSWERED}


def test_each_page_is_written_twice_and_the_stale_one_says_so():
    tree = built(PAGE)
    pages = [path for path in tree if path.endswith(".html") and ".stale." not in path]

    assert len(pages) == 9
    for path in pages:
        fresh, stale = tree[path].decode(), tree[snapshot.stale_path(path)].decode()
        assert "not up to date" not in fresh
        assert "not up to date" in stale


def test_an_old_copy_says_of_when_it_is():
    stale = built(PAGE)["status/index.stale.html"].decode()

    assert re.search(r'It shows what was known on <time datetime="2026-11-21T03:12Z">21 Nov, 03:12 UTC</time>', stale)


def test_the_page_says_of_when_it_is_while_fresh_too():
    assert 'As of <time datetime="2026-11-21T03:12Z">' in built(PAGE)["status/index.html"].decode()


def test_brotli_and_gzip_lie_beside_each_file_and_hold_the_same():
    tree = built(PAGE)

    for path in ("status/index.html", "api/v2/summary.json", "history.atom"):
        assert brotli.decompress(tree[f"{path}.br"]) == tree[path]
        assert gzip.decompress(tree[f"{path}.gz"]) == tree[path]


def test_both_addresses_of_a_document_hold_the_same_bytes():
    tree = built(PAGE)

    assert tree["api/v2/summary.json"] == tree["status/api/v2/summary.json"]
    assert tree["history.atom"] == tree["status/history.atom"]


def test_the_manifest_names_type_and_cache_headers():
    addresses = json.loads(built(PAGE)[snapshot.MANIFEST])["addresses"]
    headers = {address: dict(entry["headers"]) for address, entry in addresses.items()}

    assert headers["/status/"]["Cache-Control"] == (
        "public, max-age=15, s-maxage=15, stale-while-revalidate=60, stale-if-error=86400"
    )
    assert headers["/status/incidents/incident0002/"]["Cache-Control"].startswith("public, max-age=60, s-maxage=300")
    assert headers["/status/incidents/incident0001/"]["Cache-Control"].startswith("public, max-age=15")
    assert headers["/api/v2/status.json"]["Access-Control-Allow-Origin"] == "*"
    assert headers["/api/v2/status.json"]["Content-Type"] == "application/json; charset=utf-8"
    assert headers[ASSETS.css_address]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "default-src 'none'" in headers["/status/"]["Content-Security-Policy"]
    assert "Strict-Transport-Security" in headers["/status/"]
    assert not any("Set-Cookie" in one for one in headers.values())


def test_the_same_input_gives_the_same_files():
    assert built(PAGE) == built(PAGE)


def test_what_did_not_change_keeps_its_last_modified():
    first = json.loads(built(PAGE)[snapshot.MANIFEST])
    later = json.loads(built(PAGE, at=NOW + timedelta(minutes=5), previous=first)[snapshot.MANIFEST])

    assert later["addresses"]["/api/v2/summary.json"]["modified"] == int(NOW.timestamp())
    assert later["addresses"]["/status/"]["modified"] == int(NOW.timestamp()) + 300


def test_texts_are_escaped():
    page = a_page(an_incident(1, name="<script>alert(1)</script>", updates=(an_update(body="<img src=x> & more"),)))
    html = built(page)["status/index.html"].decode()

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img src=x&gt; &amp; more" in html


def test_pages_hold_no_script_no_inline_style_and_nothing_from_elsewhere():
    for path, body in built(PAGE).items():
        if path.endswith(".html"):
            html = body.decode()
            assert "<script" not in html
            assert " style=" not in html
            outside = re.findall(r'(?:src|href)="(?!/|#)([^"]*)"', html)
            assert outside == []


def test_the_bars_read_as_a_list_of_the_days_that_were_not_well():
    hour = timedelta(hours=1)
    trouble = (
        content.Stretch("operational", ago(days=200), ago(days=9)),
        content.Stretch("major_outage", ago(days=9), ago(days=9) + hour),
        content.Stretch("operational", ago(days=9) + hour, ago(days=4)),
        content.Stretch("partial_outage", ago(days=4), ago(days=2)),
        content.Stretch("operational", ago(days=2), None),
    )
    page = a_page(components=(a_component(1, stretches=trouble), a_component(2)))

    html = built(page)["status/index.html"].decode()

    (words,) = re.findall(r"<details>.*?</details>", html)  # the one that was always well needs none
    assert re.findall(r"<li>(.*?)</li>", words) == ["17 Nov to 19 Nov: Partial outage", "12 Nov: Major outage"]


def test_an_open_incident_with_everything_well_is_not_called_all_well():
    page = a_page(an_incident(1, impact="none"), components=(a_component(1),))
    html = built(page)["status/index.html"].decode()

    assert "<h1>An incident is being watched</h1>" in html


def test_a_promise_whose_time_has_passed_is_not_said_in_the_future():
    page = a_page(an_incident(1, updates=(an_update(next_update_at=NOW),)))
    before, after = built(page, at=ago(minutes=1)), built(page)

    for path in ("status/index.html", "status/incidents/incident0001/index.html"):
        assert b"Next update by" in before[path]
        assert b"Next update by" not in after[path]
        assert (
            b'The update promised for <time datetime="2026-11-21T03:12Z">21 Nov, 03:12 UTC</time> is late.'
            in after[path]
        )


def test_no_component_and_no_incident_is_a_page_all_the_same():
    html = built(a_page(components=()))["status/index.html"].decode()

    assert "<h1>All systems operational</h1>" in html


def a_busy_page() -> content.Content:
    """Thirty components with trouble here and there, and a history of a hundred incidents."""
    dice = random.Random(5)

    def stretches() -> tuple[content.Stretch, ...]:
        moment, found = ago(days=95), []
        while moment < ago(days=3):
            end = moment + timedelta(days=dice.randint(4, 20))
            bad = end + timedelta(hours=2)
            worse = dice.choice(["degraded_performance", "partial_outage", "major_outage", "under_maintenance"])
            found += [content.Stretch("operational", moment, end), content.Stretch(worse, end, bad)]
            moment = bad
        return (*found, content.Stretch("operational", moment, None))

    components = tuple(
        a_component(
            n, group_name=f"Group {n // 10}", description=f"What people do with part {n}", stretches=stretches()
        )
        for n in range(30)
    )
    past = (
        an_incident(
            n, is_open=False, name=f"Trouble with part {n}", resolved_at=ago(days=n / 3),
            updates=tuple(an_update(n * 10 + k, body=f"Words {n} {k}. " * 20) for k in range(4)),
        )
        for n in range(100)
    )  # fmt: skip
    works = (a_maintenance(n, starts=24 * n - 1, ends=24 * n + 3, components=3) for n in range(6))
    return a_page(an_incident(500), *past, components=components, maintenances=tuple(works))


def test_a_busy_page_keeps_to_its_budgets():
    tree = snapshot.build(a_busy_page(), at=NOW, render=rendering.render, assets=rendering.assets())
    css, icon = (snapshot.file_of(one) for one in (rendering.assets().css_address, rendering.assets().icon_address))
    size = snapshot.sizes(tree, ["status/index.html", css, icon, "api/v2/summary.json", "status/badge.svg"])

    assert len(tree["status/index.html"]) <= 60 * 1024
    assert size["status/index.html"] <= 14 * 1024
    assert size["status/index.html"] + size[css] + size[icon] <= 24 * 1024
    assert size[css] <= 10 * 1024
    assert len(tree["api/v2/summary.json"]) <= 30 * 1024
    assert size["api/v2/summary.json"] <= 4 * 1024
    assert len(tree["api/v2/summary.json.gz"]) <= 4 * 1024
    assert all(len(body) <= 30 * 1024 for path, body in tree.items() if "/incidents/" in path)
    assert len(tree["history.atom.gz"]) <= 16 * 1024
    assert all(len(body) <= 1536 for path, body in tree.items() if path.endswith("badge.svg"))
    assert size["status/badge.svg"] <= 1536


def test_the_first_view_needs_three_requests():
    html = built(PAGE)["status/index.html"].decode()

    assert len(re.findall(r'<link rel="(?:stylesheet|icon)"', html)) == 2
    assert "<img" not in html


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("indicator", badge._WORDS)
def test_a_badge_says_its_word_in_white_on_a_colour_dark_enough(indicator):
    picture = badge.svg(indicator).decode()
    colours = set(re.findall(r'fill="(#[0-9a-f]{6})"', picture))

    assert f"<title>status: {badge._WORDS[indicator]}</title>" in picture
    assert 'role="img"' in picture
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in colours)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("operational", "operational"),
        ("degraded_performance", "degraded"),
        ("partial_outage", "partial outage"),
        ("major_outage", "major outage"),
        ("under_maintenance", "maintenance"),
    ],
)
def test_each_component_has_a_badge_with_its_name(status, word):
    tree = built(a_page(components=(a_component(1, status, group_name="Shop"),)))

    assert f"<title>Shop - Component 1: {word}</title>" in tree["status/components/component001/badge.svg"].decode()


def test_a_badge_does_not_call_well_what_nobody_has_looked_at():
    picture = badge.of_component(a_component(1, unknown_since=ago(hours=1))).decode()

    assert "<title>Component 1: unknown</title>" in picture


def test_the_longest_name_still_fits_into_a_badge():
    picture = badge.of_component(a_component(1, "partial_outage", name="&" * 80, group_name="<" * 80))

    assert len(picture) <= 1536
    ElementTree.fromstring(picture)


def test_any_static_host_serves_an_export_as_it_is(tmp_path):
    writer.export(tmp_path, built(PAGE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"

    def read(path: str) -> str:
        with urllib.request.urlopen(base + path, timeout=10) as answer:
            return str(answer.read().decode())

    try:
        first = read("/status/")
        links = sorted(set(re.findall(r'href="(/[^"#]*)"', first)))
        missing = [path for path in links if not read(path)]
        twin = read("/status/index.stale.html")
    finally:
        server.shutdown()
        server.server_close()

    assert "<h1>" in first
    assert "not up to date" not in first
    assert len(links) > 8
    assert missing == []
    assert "not up to date" in twin
    assert "stale" not in "".join(links)  # nobody is led there


def test_the_first_page_shows_what_runs_and_the_next_two_weeks_of_what_is_planned():
    works = (a_maintenance(n, starts=24 * 6 * n - 1, ends=24 * 6 * n + 3) for n in range(5))
    html = built(a_page(maintenances=tuple(works)))["status/index.html"].decode()

    assert re.findall(r"Database upgrade (\d)", html) == ["0", "1", "2"]
    assert html.index("Maintenance under way") < html.index("Planned maintenance</h2>")
    assert '<a href="/status/maintenance/">All planned maintenance</a>' in html


def test_of_what_comes_again_the_first_page_shows_the_next_time_alone():
    works = (replace(a_maintenance(n, starts=24 * n + 1, ends=24 * n + 3), series=7) for n in range(4))
    tree = built(a_page(maintenances=tuple(works)))

    assert re.findall(r"Database upgrade (\d)", tree["status/index.html"].decode()) == ["0"]
    assert len(re.findall(r"Database upgrade \d", tree["status/maintenance/index.html"].decode())) == 4


def test_months_lead_to_each_other_and_quiet_ones_are_there():
    page = a_page(
        an_incident(2, is_open=False),
        an_incident(1, is_open=False, published_at=ago(days=70), resolved_at=ago(days=69)),
        maintenances=(a_maintenance(1, starts=-24 * 40, ends=-24 * 40 + 1),),
    )
    tree = built(page)
    html = {month: tree[f"status/history/2026-{month}/index.html"].decode() for month in ("09", "10", "11")}

    assert "Database upgrade 1" in html["10"]
    assert re.findall(r'rel="(?:prev|next)" href="([^"]*)"', html["10"]) == [
        "/status/history/2026-09/",
        "/status/history/2026-11/",
    ]
    assert 'rel="prev"' not in html["09"] and 'rel="next"' not in html["11"]


def test_a_month_that_is_over_is_the_same_file_at_each_build():
    page = a_page(an_incident(1, is_open=False, published_at=ago(days=40), resolved_at=ago(days=39)))

    first, later = built(page), built(page, at=NOW + timedelta(hours=2))

    assert first["status/history/2026-10/index.html"] == later["status/history/2026-10/index.html"]


def test_the_history_has_three_years_of_months_and_incidents_keep_their_page():
    page = a_page(an_incident(1, is_open=False, published_at=ago(days=365 * 5), resolved_at=ago(days=365 * 5 - 1)))
    addresses = json.loads(built(page)[snapshot.MANIFEST])["addresses"]

    assert sum(address.startswith("/status/history/2") for address in addresses) == 36
    assert "/status/incidents/incident0001/" in addresses


@pytest.mark.parametrize(
    ("base", "host", "address"),
    [
        ("https://ops.example", "", "https://ops.example/status"),
        ("https://ops.example", "status.example", "https://status.example/status"),
        ("http://localhost:8000", "status.localhost", "http://status.localhost:8000/status"),
    ],
)
def test_links_lead_to_the_page_s_own_name(settings, base, host, address):
    settings.BASE_URL, settings.STATUS_HOST = base, host

    assert load.address() == address
