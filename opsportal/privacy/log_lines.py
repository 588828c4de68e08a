"""What a log line may say: the privacy guard, and never a secret that this process was started with.

Fails closed: what cannot be looked through in time is removed. Nothing here, and nothing below, writes to a log.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from opsportal.privacy import own, scanning
from opsportal.privacy.kinds import Kind

UNCHECKED = "[removed: could not be checked]"
OF_ENVIRONMENT = "secret of the environment"
OF_REQUEST = "[removed: from the request]"
BUDGET_SECONDS = 0.2
# Shorter values are words that stand in innocent lines too.
_LEAST = 8
_LEAST_OF_REQUEST = 6
_MOST_OF_REQUEST = 500
_NAME = re.compile(r"SECRET|TOKEN|PASS(?:WORD|WD|PHRASE|_|$)|_PWD|KEY|CREDENTIAL|DSN|WEBHOOK|COOKIE")
_USER_AND_PASSWORD = re.compile(r"://([^:/?#]{0,256}):(.{1,512})@")
# PostgreSQL repeats whole rows and pieces of statements behind these words.
_OF_DATABASE = re.compile(
    r"(DETAIL|CONTEXT|STATEMENT|QUERY|LINE \d{1,6}):.*?(?=\n\n(?:The above exception|During handling)|\Z)", re.DOTALL
)


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of all names that hold a secret, in every spelling a library may print; longest first."""
    values = {part for name, value in environment.items() for part in _parts(name.upper(), value.strip())}
    found = {spelling for value in values if len(value) >= _LEAST for spelling in _spellings(value)}
    return tuple(sorted(found, key=len, reverse=True))


def _parts(name: str, value: str) -> Iterator[str]:
    if _NAME.search(name):
        yield value
        yield from (part.strip() for part in value.split(","))
    if "://" not in value:
        return
    if found := _USER_AND_PASSWORD.search(value):
        user, password = found.groups()
        if password != user:
            yield from (value, password, unquote(password))
    try:
        parts = urlsplit(value)
    except ValueError:
        return
    yield from (word for key, word in parse_qsl(parts.query) if _NAME.search(key.upper()))
    if "WEBHOOK" in name:
        yield from (parts.path, f"{parts.path}?{parts.query}")


def _spellings(value: str) -> Iterator[str]:
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), escape(value))
    yield from (repr(value)[1:-1], json.dumps(value)[1:-1])


def _removed(kind: Kind, _: str) -> str:
    return f"[removed: {kind.name}]"


def _uncounted(_: Iterable[str]) -> None:
    """For processes that have no database."""


@dataclass(frozen=True)
class Washer:
    """Takes out of a line what may not stand in it. `stand_in` and `count` are what a process with Django adds."""

    secrets: tuple[str, ...] = ()
    stand_in: Callable[[Kind, str], str] = _removed
    count: Callable[[Iterable[str]], None] = _uncounted

    def is_clean(self, text: str) -> bool:
        """Read through and nothing found; most lines are."""
        if any(secret in text for secret in self.secrets):
            return False
        seen = scanning.look(text, own=own.rules(), budget=BUDGET_SECONDS)
        return seen.complete and not seen.spans

    def wash(self, text: str) -> str:
        """The text without what may not be logged."""
        try:
            return self._washed(text)
        except (Exception, SystemExit):  # noqa: BLE001 - own patterns that cannot be read end a process; not from here
            return UNCHECKED

    def _washed(self, text: str) -> str:
        known = [secret for secret in self.secrets if secret in text]
        for secret in known:
            text = text.replace(secret, f"[removed: {OF_ENVIRONMENT}]")
        seen = scanning.look(text, own=own.rules(), budget=BUDGET_SECONDS)
        if not seen.complete:
            return UNCHECKED
        self.count([OF_ENVIRONMENT] * bool(known) + [span.kind.name for span in seen.spans])
        return seen.without(text, self.stand_in)


def without_rows(text: str) -> str:
    """Without what a database repeats of rows and statements when it refuses them."""
    return _OF_DATABASE.sub(r"\1: [removed: values]", text)


def without_request(trace: str, request: Any) -> str:
    """The words of an exception without what the request that caused it brought."""
    for value in sorted(_brought(request), key=len, reverse=True):
        trace = trace.replace(value, OF_REQUEST)
    return trace


def _brought(request: Any) -> set[str]:
    """Values of query, form, body, cookies and headers. Only what was read already: a log line reads no body."""
    values = [*_lists(request.GET), *_lists(getattr(request, "_post", {})), *request.COOKIES.values()]
    values += [value for name, value in request.META.items() if name.startswith("HTTP_")]
    values += [request.META.get("QUERY_STRING", ""), *_leaves(_body(request))]
    lines = (line.strip() for value in values[:_MOST_OF_REQUEST] for line in (value, *value.splitlines()))
    return {spelling for line in lines if len(line) >= _LEAST_OF_REQUEST for spelling in _spellings(line)}


def _lists(form: Any) -> Iterator[str]:
    for _, several in form.lists() if hasattr(form, "lists") else ():
        yield from several


def _body(request: Any) -> Any:
    try:
        return json.loads(getattr(request, "_body", b"null"))
    except ValueError:
        return None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
