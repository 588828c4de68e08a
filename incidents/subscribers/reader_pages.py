"""The pages that answer readers: name, stylesheet and components come from the snapshot, not the database."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string

from incidents.statuspage import kept, offers, pages, queries, rendering, snapshot, writer

_NAME = "Opsportal"


def page(template: str, *, status: int = 200, **words: Any) -> HttpResponse:
    """Nobody keeps it, nobody learns from it where the reader came from, no search engine lists it."""
    frame = _frame()
    with rendering.as_readers(frame.language):
        body = render_to_string(f"public/{template}.html", {"frame": frame, "is_stale": False, **words})
    return HttpResponse(
        body,
        status=status,
        headers={
            "Cache-Control": "private, no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        },
    )


def answer(heading: str, *sentences: str, status: int = 200, **words: Any) -> HttpResponse:
    """A page that only says something."""
    return page("answer", status=status, heading=heading, sentences=sentences, **words)


def offer() -> offers.Offer:
    """What the reader's page offers now; groups as readers see them."""
    rows = _document("components").get("components", [])
    names = {row["id"]: row["name"] for row in rows if row["group"]}
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if not row["group"]:
            groups.setdefault(names.get(row["group_id"], ""), []).append((row["id"], row["name"]))
    found = tuple((name, tuple(members)) for name, members in groups.items())
    return offers.Offer(found, bool(settings.EMAIL_CONFIGURED))


def _frame() -> pages.Frame:
    try:
        return kept.read_frame((settings.SNAPSHOT_DIR / writer.CURRENT / snapshot.FRAME).read_bytes())
    except (OSError, ValueError):
        known, assets = _document("status").get("page", {}), rendering.assets()
    return pages.Frame(
        name=known.get("name", _NAME),
        url=f"{queries.origin()}/status",
        css=assets.css_address,
        icon=assets.icon_address,
        as_of=None,
    )


def _document(name: str) -> dict[str, Any]:
    """A document of the snapshot; nothing before the first build."""
    try:
        found: dict[str, Any] = json.loads(
            (settings.SNAPSHOT_DIR / writer.CURRENT / f"api/v2/{name}.json").read_bytes()
        )
    except (OSError, ValueError):
        return {}
    return found
