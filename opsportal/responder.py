"""Answer the public page from files alone, ahead of Django: no database, no Redis, no session.

All bytes and headers of a snapshot are prepared in memory when a new version appears (looked for once a second); a
request is then two dictionary look-ups. What each address answers is decided in incidents/statuspage/snapshot.py.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = list[tuple[str, str]]

STALE_AFTER_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 1.0
# Where readers ask for something: these alone of the public page need the house behind.
_READERS_OWN = ("/status/confirm/", "/status/manage/", "/status/unsubscribe/")
_READERS_FORM = "/status/subscribe/"
_FEEDS = frozenset({"/history.atom", "/history.rss"})
_FIRST_PAGE = "/status/"
_CODINGS = {"br": "br", "gz": "gzip"}
_CORS = ("Access-Control-Allow-Origin", "*")
_KEPT_IN_304 = frozenset({"Cache-Control", "Vary", "Last-Modified", _CORS[0]})
_MISSING = "/status/404.html"
_NOT_YET = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>Status not available yet</title></head><body><main><h1>The status page is not available yet</h1>"
    b"<p>It has not been built since this server started. It should be here within a minute.</p></main></body></html>"
)


@dataclass(frozen=True)
class Form:
    """One representation, ready to send; `unchanged` is what a 304 says instead."""

    body: bytes
    headers: Headers
    unchanged: Headers
    etag: str


@dataclass(frozen=True)
class Variant:
    """An address in one state, fresh or stale: its forms by content coding."""

    forms: Mapping[str, Form]
    modified: int | None


@dataclass(frozen=True)
class Page:
    """What an address answers, fresh and stale."""

    fresh: Variant
    stale: Variant


@dataclass(frozen=True)
class Loaded:
    """A snapshot in memory; never changed, only replaced. `bodies` holds each file once, by its digest."""

    version: str
    built_at: float
    pages: Mapping[str, Page]
    bodies: Mapping[str, bytes]


class SnapshotResponder:
    """WSGI wrapper that serves the newest snapshot's addresses and passes everything else on.

    Reading takes no lock; one thread at a time loads a new version while the others go on with the old one. On the name
    `host` only the public page answers, and its first page without a path.
    """

    def __init__(self, app: App, *, directory: Path, host: str = "", clock: Callable[[], float] = time.time) -> None:
        self.app = app
        self.host = host
        self.current = Path(directory) / "current"
        self.clock = clock
        self._loaded: Loaded | None = None
        self._look_at = 0.0
        self._loading = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if self.host and _name(environ.get("HTTP_HOST", "")) == self.host:
            path = _FIRST_PAGE if path == "/" else path
        elif not (path.startswith(("/status/", "/api/v2/")) or path in _FEEDS or path == "/status"):
            return self.app(environ, start_response)
        method: str = environ["REQUEST_METHOD"]
        if path.startswith(_READERS_OWN) or (path == _READERS_FORM and method == "POST"):
            # A reader is nobody: no session is looked for, and a living one of staff changes nothing here.
            environ.pop("HTTP_COOKIE", None)
            return self.app(environ, start_response)
        if method not in ("GET", "HEAD"):
            return _not_allowed(method, start_response)
        status, headers, body = self._answer(path, environ)
        start_response(status, headers)
        return [body] if body and method == "GET" else []

    def _answer(self, path: str, environ: Environ) -> tuple[str, Headers, bytes]:
        loaded = self._newest()
        if loaded is None:
            return _not_yet(path)
        page = loaded.pages.get(path)
        is_stale = self.clock() - loaded.built_at > STALE_AFTER_SECONDS
        if page is None or path == _MISSING:
            return _missing(path, loaded, is_stale, environ)
        variant = page.stale if is_stale else page.fresh
        form = _best(variant, environ)
        if _has_it(form, variant.modified, environ):
            return "304 Not Modified", form.unchanged, b""
        return "200 OK", form.headers, form.body

    def _newest(self) -> Loaded | None:
        """The snapshot to serve; looks for a newer one at most once a second."""
        now = time.monotonic()
        if now >= self._look_at and self._loading.acquire(blocking=self._loaded is None):
            try:
                if now >= self._look_at:
                    self._loaded = _reload(self.current, self._loaded)
                    self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
            finally:
                self._loading.release()
        return self._loaded


def _reload(current: Path, before: Loaded | None) -> Loaded | None:
    """A newer version if there is one; the one before when there is none or it cannot be read right now."""
    try:
        version = os.readlink(current)
        if before is not None and version == before.version:
            return before
        return load(current.parent / version, before)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return before


def load(folder: Path, before: Loaded | None = None) -> Loaded:
    """Read a version; files that did not change are taken from the one before."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    known = before.bodies if before is not None else {}
    digests: dict[str, str] = manifest["digests"]
    bodies: dict[str, bytes] = {}
    for path, digest in digests.items():
        if digest not in bodies:
            bodies[digest] = known[digest] if digest in known else (folder / path).read_bytes()
    files = {path: bodies[digest] for path, digest in digests.items()}
    pages = {address: _page(entry, files) for address, entry in manifest["addresses"].items()}
    return Loaded(folder.name, float(manifest["built_at_epoch"]), pages, bodies)


def _page(entry: Mapping[str, Any], files: Mapping[str, bytes]) -> Page:
    headers: Headers = [(name, value) for name, value in entry["headers"]]
    forms = entry["forms"]
    fresh = _variant(forms["normal"], headers, files, modified=entry["modified"])
    # A stale page has no Last-Modified: with one, a client could take the next fresh page for unchanged.
    return Page(fresh, _variant(forms["stale"], headers, files, modified=None) if "stale" in forms else fresh)


def _variant(form: Mapping[str, Any], headers: Headers, files: Mapping[str, bytes], *, modified: int | None) -> Variant:
    dated: Headers = [("Last-Modified", formatdate(modified, usegmt=True))] if modified is not None else []
    shared = [*headers, *dated]
    kept = [(name, value) for name, value in shared if name in _KEPT_IN_304]
    found = {}
    for end, path in form["files"].items():
        coding, body = _CODINGS.get(end, ""), files[path]
        extra: Headers = [("Content-Encoding", coding)] if coding else []
        # Strong validators: each coding is bytes of its own, so it has a tag of its own.
        tag = f"{form['etag']}-{end}" if end else form["etag"]
        tagged = ("ETag", f'"{tag}"')
        whole = [*shared, *extra, tagged, ("Content-Length", str(len(body)))]
        found[coding] = Form(body, whole, [*kept, tagged], tag)
    return Variant(found, modified)


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    """
    >>> _name("Status.Example:8443")
    'status.example'
    """
    return host[:300].partition(":")[0].rstrip(".").lower()


def _has_it(form: Form, modified: int | None, environ: Environ) -> bool:
    """True when the client's copy is this one. A date counts only where no tag was sent."""
    tags: str | None = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return tags.strip() == "*" or form.etag in _tags(tags)
    since: str | None = environ.get("HTTP_IF_MODIFIED_SINCE")
    return since is not None and modified is not None and modified <= _seconds(since)


@lru_cache(maxsize=256)
def _tags(header: str) -> frozenset[str]:
    """Tags without quotes and weakness."""
    return frozenset(part.strip().removeprefix("W/").strip('"') for part in header[:1024].split(","))


@lru_cache(maxsize=256)
def _seconds(date: str) -> float:
    """A date header as seconds; one that is none is before everything."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")


def _best(variant: Variant, environ: Environ) -> Form:
    for coding in _accepted(environ.get("HTTP_ACCEPT_ENCODING", "")):
        if coding in variant.forms:
            return variant.forms[coding]
    return variant.forms[""]


@lru_cache(maxsize=256)
def _accepted(header: str) -> tuple[str, ...]:
    """The codings that a client takes, the smallest first; q=0 means no."""
    wanted: set[str] = set()
    refused: set[str] = set()
    for part in header[:1024].lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        (refused if weight in ("q=0", "q=0.0", "q=0.00", "q=0.000") else wanted).add(coding)
    if "*" in wanted - refused:
        wanted.add("gzip")
    return tuple(coding for coding in ("br", "gzip") if coding in wanted - refused)


def _missing(path: str, loaded: Loaded, is_stale: bool, environ: Environ) -> tuple[str, Headers, bytes]:
    """An address that the snapshot does not have: the way to the right slash, or a page that says so."""
    if f"{path}/" in loaded.pages:
        return "308 Permanent Redirect", [("Location", f"{path}/"), *_plain("public, max-age=60", b"")], b""
    page = loaded.pages.get(_MISSING)
    if _is_for_programs(path) or page is None:
        return "404 Not Found", *_error("NOT_FOUND", "There is no such document.")
    form = _best(page.stale if is_stale else page.fresh, environ)
    return "404 Not Found", [one for one in form.headers if one[0] not in ("ETag", "Last-Modified")], form.body


def _not_yet(path: str) -> tuple[str, Headers, bytes]:
    """Before the first build: honest, and soon to be asked again."""
    status, retry = "503 Service Unavailable", ("Retry-After", "10")
    if _is_for_programs(path):
        headers, body = _error("NOT_BUILT_YET", "The status page has not been built yet.")
        return status, [retry, *headers], body
    headers = [
        retry,
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        *_plain("no-store", _NOT_YET),
    ]
    return status, headers, _NOT_YET


def _not_allowed(method: str, start_response: StartResponse) -> Iterable[bytes]:
    """Only reading is possible here; browsers that ask first are told so."""
    allow = ("Allow", "GET, HEAD, OPTIONS")
    if method == "OPTIONS":
        permits = [("Access-Control-Allow-Methods", "GET, HEAD"), ("Access-Control-Max-Age", "86400")]
        start_response("204 No Content", [allow, _CORS, *permits, ("Cache-Control", "no-store")])
        return []
    headers, body = _error("METHOD_NOT_ALLOWED", "This can only be read.")
    start_response("405 Method Not Allowed", [allow, *headers])
    return [body]


def _is_for_programs(path: str) -> bool:
    return path.startswith(("/api/", "/status/api/")) or path.endswith((".json", ".atom", ".rss"))


def _error(code: str, message: str) -> tuple[Headers, bytes]:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return [("Content-Type", "application/json; charset=utf-8"), _CORS, *_plain("no-store", body)], body


def _plain(cache: str, body: bytes) -> Headers:
    return [("Cache-Control", cache), ("X-Content-Type-Options", "nosniff"), ("Content-Length", str(len(body)))]
