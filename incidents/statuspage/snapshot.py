"""The public page as files: from plain values to bytes, without database, clock or Django.

Every HTML page is made twice, normal and stale. The responder (opsportal/responder.py) chooses by the snapshot's age,
so that an old page never looks fresh, without a line of JavaScript.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import brotli

from incidents.statuspage import (
    badge,
    bars,
    documents,
    feeds,
    history,
    ics,
    intervals,
    kept,
    offers,
    pages,
    planned_work,
    rollup,
)
from incidents.statuspage.content import Content

FORMAT = 1
# The one page with a form; what is sent to its address passes on to Django.
SUBSCRIBE = "public/subscribe.html"
MANIFEST = "manifest.json"
# What everything was built from; no address answers it.
CONTENT = "content.json"
# What stands around readers' own pages, which are made when they are asked for.
FRAME = "frame.json"
Render = Callable[[str, dict[str, Any]], str]
Tree = dict[str, bytes]

_HTML, _JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
_CALENDAR = "text/calendar; charset=utf-8"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_CACHE = {
    "page": "public, max-age=15, s-maxage=15, stale-while-revalidate=60, stale-if-error=86400",
    "resolved": "public, max-age=60, s-maxage=300, stale-if-error=604800",
    "json": "public, max-age=10, s-maxage=10, stale-while-revalidate=30, stale-if-error=86400",
    "feed": "public, max-age=60, stale-while-revalidate=300, stale-if-error=604800",
    "badge": "public, max-age=30, s-maxage=30, stale-if-error=86400",
    "asset": "public, max-age=31536000, immutable",
    "missing": "no-store",
}


@dataclass(frozen=True)
class Assets:
    """The page's own stylesheet and icon; they travel in the snapshot, since nothing else may be up."""

    css: bytes
    icon: bytes
    logo: bytes = b""
    logo_type: str = ""

    @property
    def css_address(self) -> str:
        return f"/status/assets/{_digest(self.css)[:16]}.css"

    @property
    def icon_address(self) -> str:
        return f"/status/assets/{_digest(self.icon)[:16]}.svg"

    @property
    def logo_address(self) -> str:
        """Empty when there is no logo."""
        end = self.logo_type.rpartition("/")[2]
        return f"/status/assets/{_digest(self.logo)[:16]}.{end}" if self.logo else ""


@dataclass(frozen=True)
class Document:
    """What one or more addresses answer. `stale` is the body once the snapshot is too old."""

    addresses: tuple[str, ...]
    content_type: str
    cache: str
    body: bytes
    stale: bytes | None = None
    has_form: bool = False

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers but those of the encoding and the validators, which the responder adds."""
        found = [
            ("Content-Type", self.content_type),
            ("Cache-Control", _CACHE[self.cache]),
            ("Vary", "Accept-Encoding"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if self.content_type == _HTML:
            csp = _CSP.replace("form-action 'none'", "form-action 'self'") if self.has_form else _CSP
            return [*found, ("Content-Security-Policy", csp), ("Referrer-Policy", "same-origin")]
        return [*found, ("Access-Control-Allow-Origin", "*")]


def build(
    content: Content,
    *,
    at: datetime,
    render: Render,
    assets: Assets,
    previous: Mapping[str, Any] | None = None,
) -> Tree:
    """All files of the snapshot by their path, with a manifest that says what each address answers.

    `previous` is the manifest before this one: a document that did not change keeps its Last-Modified.
    """
    tree: Tree = {}
    addresses: dict[str, Any] = {}
    for document in all_documents(content, at=at, render=render, assets=assets):
        for address in document.addresses:
            tree.update(_files(document, address))
            addresses[address] = _entry(document, address, at, previous or {}) | {
                "headers": [*document.headers, *_transport(content.url)]
            }
    manifest = {
        "format": FORMAT,
        "built_at": at.astimezone(UTC).isoformat(),
        "built_at_epoch": at.timestamp(),
        "digests": {path: _digest(body) for path, body in tree.items()},
        "addresses": addresses,
    }
    tree[CONTENT] = kept.written(content)
    tree[FRAME] = kept.written_frame(frame_of(content, assets, None))
    tree[MANIFEST] = json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode()
    return tree


def all_documents(content: Content, *, at: datetime, render: Render, assets: Assets) -> Iterator[Document]:
    """Pages, JSON, feeds, badge and assets."""
    frame = frame_of(content, assets, at)
    lasting = replace(frame, as_of=None)

    def page(address: str, template: str, frame: pages.Frame, cache: str = "page", **context: Any) -> Document:
        body, stale = (
            render(template, {"frame": frame, "is_stale": is_stale, **context}).encode() for is_stale in (False, True)
        )
        return Document((address,), _HTML, cache, body, stale, has_form=template == SUBSCRIBE)

    work = planned_work.on_index(content, at=at)
    yield page("/status/", "public/index.html", frame, page=pages.index(content, at=at), work=work)
    yield from _history(content, at, frame, lasting, page)
    yield from _maintenance(content, frame, lasting, page)
    yield from _components(content, lasting, page)
    for incident in content.incidents:
        yield page(
            f"/status/incidents/{incident.public_id}/",
            "public/incident.html",
            frame if incident.is_open else lasting,
            "page" if incident.is_open else "resolved",
            card=pages.card(content, incident, limit=None, at=at),
        )
    yield page("/status/subscribe/", SUBSCRIBE, lasting, offer=offers.offer(content))
    yield page("/status/404.html", "public/404.html", lasting, "missing")
    for name, document in documents.all_of(content).items():
        yield Document(_twice(f"/api/v2/{name}.json"), _JSON, "json", _json(document))
    yield Document(_twice("/history.atom"), "application/atom+xml; charset=utf-8", "feed", feeds.atom(content))
    yield Document(_twice("/history.rss"), "application/rss+xml; charset=utf-8", "feed", feeds.rss(content))
    overall = documents.overall(content)
    indicator = "unknown" if overall == rollup.UNKNOWN else overall.indicator
    yield Document(("/status/badge.svg",), "image/svg+xml", "badge", badge.svg(indicator))
    yield Document((assets.css_address,), "text/css; charset=utf-8", "asset", assets.css)
    yield Document((assets.icon_address,), "image/svg+xml", "asset", assets.icon)
    if assets.logo:
        yield Document((assets.logo_address,), assets.logo_type, "asset", assets.logo)


def frame_of(content: Content, assets: Assets, at: datetime | None) -> pages.Frame:
    """What stands around each page."""
    return pages.Frame(
        name=content.name,
        url=content.url,
        css=assets.css_address,
        icon=assets.icon_address,
        as_of=at,
        logo=assets.logo_address,
        links=content.look.links,
        footer=content.look.footer,
        language=content.look.language,
    )


Page = Callable[..., Document]


def _history(
    content: Content, at: datetime, frame: pages.Frame, lasting: pages.Frame, page: Page
) -> Iterator[Document]:
    """The newest months on one page, and each month on its own; a month that is over changes no more."""
    months = history.months(content, at=at)
    recent = months[: history.RECENT]
    yield page("/status/history/", "public/history.html", frame, months=recent, earlier=months[history.RECENT :])
    for month in months:
        is_over = month.later is not None
        yield page(month.address, "public/month.html", lasting if is_over else frame, month=month)


def _maintenance(content: Content, frame: pages.Frame, lasting: pages.Frame, page: Page) -> Iterator[Document]:
    """The list, the calendar, and a page for each work; what is over changes no more."""
    yield page("/status/maintenance/", "public/maintenances.html", frame, listed=planned_work.listed(content))
    yield Document(("/status/maintenance.ics",), _CALENDAR, "feed", ics.calendar(content))
    for one in content.maintenances:
        is_over = one.over_at is not None
        yield page(
            f"/status/maintenance/{one.public_id}/",
            "public/maintenance.html",
            lasting if is_over else frame,
            "resolved" if is_over else "page",
            work=planned_work.work(content, one),
        )


def _components(content: Content, lasting: pages.Frame, page: Page) -> Iterator[Document]:
    """The record of each component, its badge, and the calendar of the work on it."""
    named = tuple((one.public_id, one.full_name) for one in content.components)
    yield page(
        "/status/components/", "public/components.html", lasting, components=named, formula=bars.FORMULA, days=bars.DAYS
    )
    for one in content.components:
        base = f"/status/components/{one.public_id}"
        yield Document((f"{base}/badge.svg",), "image/svg+xml", "badge", badge.of_component(one))
        yield Document((f"{base}/intervals.json",), _JSON, "feed", _json(intervals.as_json(one)))
        yield Document((f"{base}/intervals.csv",), "text/csv; charset=utf-8", "feed", intervals.as_csv(one))
        yield Document(
            (f"{base}/maintenance.ics",), _CALENDAR, "feed", ics.calendar(content, component_id=one.public_id)
        )


def file_of(address: str) -> str:
    """The file behind an address, as any static host would look for it.

    >>> file_of("/status/history/")
    'status/history/index.html'
    """
    return address.lstrip("/") + ("index.html" if address.endswith("/") else "")


def _transport(url: str) -> list[tuple[str, str]]:
    is_encrypted = url.startswith("https://")
    return [("Strict-Transport-Security", "max-age=31536000; includeSubDomains")] if is_encrypted else []


def _twice(address: str) -> tuple[str, str]:
    """Clients take our host or our /status as their base address; both work."""
    return address, f"/status{address}"


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _files(document: Document, address: str) -> Tree:
    path = file_of(address)
    tree = _encoded(path, document.body)
    if document.stale is not None:
        tree |= _encoded(stale_path(path), document.stale)
    return tree


def stale_path(path: str) -> str:
    """
    >>> stale_path("status/index.html")
    'status/index.stale.html'
    """
    stem, _, end = path.rpartition(".")
    return f"{stem}.stale.{end}"


def _encoded(path: str, body: bytes) -> Tree:
    """The body, and its compressed forms where they are smaller."""
    forms = {path: body} | {f"{path}.{end}": form for end, form in compressed(body)}
    return {name: form for name, form in forms.items() if name == path or len(form) < len(body)}


@lru_cache(maxsize=4096)
def compressed(body: bytes) -> tuple[tuple[str, bytes], ...]:
    """Most documents stay the same from build to build; only new bytes cost time."""
    return ("br", brotli.compress(body, quality=9)), ("gz", gzip.compress(body, 9, mtime=0))


def _entry(document: Document, address: str, at: datetime, previous: Mapping[str, Any]) -> dict[str, Any]:
    before = previous.get("addresses", {}).get(address, {})
    forms = {"normal": _variant(file_of(address), document.body)}
    if document.stale is not None:
        forms["stale"] = _variant(stale_path(file_of(address)), document.stale)
    is_same = before.get("forms", {}).get("normal", {}).get("etag") == forms["normal"]["etag"]
    return {
        "modified": before["modified"] if is_same else int(at.timestamp()),
        "forms": forms,
    }


def _variant(path: str, body: bytes) -> dict[str, Any]:
    files = {"": path} | {end: f"{path}.{end}" for end, form in compressed(body) if len(form) < len(body)}
    return {"etag": _digest(body)[:20], "files": files}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sizes(tree: Tree, paths: Iterable[str]) -> dict[str, int]:
    """Bytes over the wire by path, brotli where there is one: what budgets look at."""
    return {path: len(tree.get(f"{path}.br", tree[path])) for path in paths}
