"""Entries by key as YAML: the same entries are the same bytes, and reading takes nothing that could act or swell."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import yaml

from opsportal.errors import Refused

VERSION = "1"
MOST_BYTES = 4 * 1024 * 1024
MOST_ENTRIES = 5_000
# Such as checks > one of them > spec > headers, below the document itself.
_DEEPEST = 4
_NULL = "tag:yaml.org,2002:null"
# An escape in quotes can write them; no column and no page can hold them.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
# libyaml where the wheel has it: ten times as fast, the same words.
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):  # type: ignore[misc]
    """Queries of several lines stay readable, and what stands twice is written twice."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def write(entries: Mapping[str, Mapping[str, Any]], *, name: str, head: str) -> str:
    """Entries by their keys, in the order of the keys; `head` is the comment on top."""
    whole = {"version": int(VERSION), name: {key: dict(entries[key]) for key in sorted(entries)}}
    return head + str(yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**20))


def words(text: str | bytes) -> tuple[str, ...]:
    """Every name and value, as it is meant; none when it is no plain YAML."""
    try:
        return tuple(_words(document(text)))
    except Refused:
        return ()


def rewritten(text: str, put: Callable[[str], str]) -> str:
    """The same document with each name and value put otherwise, written plainly: without escapes and folds."""
    return str(yaml.dump(_put(document(text), put), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**20))


def _words(found: Any) -> Iterator[str]:
    match found:
        case str():
            yield found
        case list():
            for one in found:
                yield from _words(one)
        case dict():
            for name, value in found.items():
                yield name
                yield from _words(value)


def _put(found: Any, put: Callable[[str], str]) -> Any:
    match found:
        case str():
            return put(found)
        case list():
            return [_put(one, put) for one in found]
        case dict():
            return {put(name): _put(value, put) for name, value in found.items()}
    return found


def read(text: str | bytes, *, name: str) -> dict[str, Mapping[str, Any]]:
    """Entries by their keys, every value as the text that was written. Refused for anything but plain YAML."""
    return _entries(document(text), name)


def document(text: str | bytes) -> Any:
    """What a text holds: names and lists down to values, each as the text that was written, or None."""
    if len(text) > MOST_BYTES:
        raise Refused("FILE_TOO_LARGE", f"A file may have {MOST_BYTES // 1024 // 1024} MiB at most.")
    try:
        words = text.decode() if isinstance(text, bytes) else text
        _require_plain(yaml.parse(words, Loader=_LOADER))
        return _value(yaml.compose(words, Loader=_LOADER))
    except UnicodeError:
        raise Refused("NOT_YAML", "This is not a text in UTF-8.") from None
    # Without libyaml an escape beyond the last character ends as one of the other two.
    except (yaml.YAMLError, ValueError, OverflowError) as problem:
        raise Refused("NOT_YAML", f"This is not YAML{_place(problem)}.") from None


def lines(text: str | bytes, *, name: str) -> dict[tuple[str, ...], int]:
    """On which line each entry, each of its fields and each part of a field stands; of what `read` took.

    The parts of a list have numbers, from 0.
    """
    root = yaml.compose(text.decode() if isinstance(text, bytes) else text, Loader=_LOADER)
    return {path[1:]: line for path, line in _lines(root, ()) if path[:1] == (name,) and len(path) > 1}


def _lines(node: yaml.Node | None, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            path = (*above, str(name.value))
            yield path, name.start_mark.line + 1
            yield from _lines(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            path = (*above, str(number))
            yield path, value.start_mark.line + 1
            yield from _lines(value, path)


def _require_plain(events: Iterable[yaml.Event]) -> None:
    """One shallow document without anchors, aliases and tags, so that nothing in it is more than it looks."""
    depth = documents = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise Refused("NOT_PLAIN", f"Line {line}: anchors (&), aliases (*) and tags (!) are not read here.")
        if isinstance(event, yaml.ScalarEvent) and _UNKEEPABLE.search(event.value):
            raise Refused("NOT_TEXT", f"Line {line}: a NUL or half a character stands in it, which no text can keep.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST + 1:
            raise Refused("NOT_PLAIN", f"Line {line}: nothing in such a file lies so deep.")
        if documents > 1:
            raise Refused("NOT_PLAIN", f"Line {line}: a second document begins. Send one at a time.")


def _value(node: yaml.Node | None) -> Any:
    match node:
        case yaml.ScalarNode():
            return None if node.tag == _NULL else node.value
        case yaml.SequenceNode():
            return [_value(one) for one in node.value]
        case yaml.MappingNode():
            return dict(_pairs(node))
    return None


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, Any]]:
    seen = set()
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise Refused("NOT_PLAIN", f"Line {line}: a name is one word.")
        if name.value in seen:
            raise Refused("NAMED_TWICE", f"Line {line}: this name stands in the same place already.")
        seen.add(name.value)
        yield str(name.value), _value(value)


def _place(problem: Exception) -> str:
    """Where, never what: the words of the parser would repeat what stands there."""
    mark = getattr(problem, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _entries(whole: Any, name: str) -> dict[str, Mapping[str, Any]]:
    if not isinstance(whole, dict) or set(whole) != {"version", name}:
        raise Refused(f"NOT_{name.upper()}", f"Write version: 1 and {name}: on top, and nothing beside them.")
    if whole["version"] != VERSION:
        raise Refused("UNKNOWN_VERSION", f"This portal reads version {VERSION} of the file.")
    found = whole[name]
    if not isinstance(found, dict) or not found:
        one = name.removesuffix("s")
        raise Refused(f"NOT_{name.upper()}", f"Below {name}: each {one} stands under its key. There is none.")
    if len(found) > MOST_ENTRIES:
        raise Refused(f"TOO_MANY_{name.upper()}", f"A file may hold {MOST_ENTRIES} {name} at most.")
    return found
