"""Do the routes exist that the documents name, and do the documents name every route that is open to everybody?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from checks.operations.policies.finding import Finding, Result
from incidents.statuspage import addresses

# `GET /incidents/<n>` or `/status/`, as the documents write routes; `…/x` changes the last word of the one before.
_WRITTEN = re.compile(r"`(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE) )?([/…][^`\s]*)`")
_BLANK = re.compile(r"<[^>]*>")
_API = "/api/v1"
# Folders of a host, and what belongs to another program.
_FOLDERS = ("/etc/", "/var/", "/usr/", "/opt/", "/srv/", "/home/", "/run/", "/proc/", "/dev/")
_FOREIGN = {"/api/v1/query": "Prometheus"}


@dataclass(frozen=True)
class Written:
    """A route as a page has it."""

    page: str
    route: str

    @property
    def path(self) -> str:
        """An address of that form."""
        return _BLANK.sub("1", self.route).partition("?")[0].partition("#")[0]

    @property
    def is_ours(self) -> bool:
        return not self.route.startswith(_FOLDERS) and self.route not in _FOREIGN


def look(root: Path) -> Result:
    """The documents of this version against its addresses."""
    pages = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    written = dict.fromkeys(one for page in pages if page.exists() for one in _written(page))
    routes = [one for one in written if one.is_ours]
    if not routes:
        return Result(0, (Finding("docs_missing", str(root.name)),))
    unknown = [Finding("unknown_route", f"{one.page}:{one.route}") for one in routes if not _known(one.path)]
    named = {form for one in routes for form in _known(one.path)}
    silent = [Finding("undocumented_route", route) for route in _open_to_everybody() if route not in named]
    return Result(len(routes), (*unknown, *silent))


def _written(page: Path) -> Iterator[Written]:
    before = ""
    for route in _WRITTEN.findall(page.read_text()):
        before = before.rpartition("/")[0] + route[1:] if route.startswith("…/") else route
        if before.startswith("/"):
            yield Written(page.name, before)


def _known(path: str) -> set[str]:
    """The forms that an address has, as the house or the API would read it; a beginning of addresses is one itself."""
    found = {form} if (form := addresses.form_of(path)) else set()
    for prefix in ("", _API):
        try:
            found.add(resolve(prefix + path).route)
        except Resolver404:
            continue
    return found or ({path} if path.endswith("/") and _begins(path[1:]) else set())


def _begins(prefix: str) -> bool:
    return any(route.startswith(prefix) for route, _ in _patterns(get_resolver().url_patterns))


def _open_to_everybody() -> list[str]:
    """What answers without anybody signed in: its own proof, or none at all."""
    return sorted({route for route, is_open in _patterns(get_resolver().url_patterns) if is_open})


def _patterns(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, bool]]:
    """Each route, and whether it is open."""
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, route)
        else:
            yield route, not getattr(one.callback, "login_required", True)
