"""What the commands can say, read from their code and from nothing that repeats it: names, keys, fixed values, reasons.

A line stands in the code as a call of `token(...)` or as a string; an expression in it may say anything.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[3]
ROOTS = ("opsportal", "incidents", "checks")
# Runbooks themselves, and what only tells a story, prove nothing.
LEFT_OUT = ("incidents/runbooks", "checks/demo", "/migrations/")
_ANY = r"\S+"
_LINE = re.compile(r"[a-z_.\\]\S* (?:\S+=)")


def _trees() -> Iterator[ast.Module]:
    for root in ROOTS:
        for path in sorted((ROOT / root).rglob("*.py")):
            if not any(part in path.as_posix() for part in LEFT_OUT):
                yield ast.parse(path.read_text())


def _docstrings(tree: ast.Module) -> set[int]:
    return {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}


def _written(node: ast.expr | None) -> str:
    """A value as a pattern."""
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value)).replace("\\ ", " ")
    if isinstance(node, ast.IfExp):
        return f"(?:{_written(node.body)}|{_written(node.orelse)})"
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(one) if isinstance(one, ast.Constant) else r".+" for one in node.values)
    return _ANY


def _called(node: ast.Call) -> str | None:
    """The pattern of `self.token(name, key=value, **more)`."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "token" and node.args):
        return None
    pairs = [f" {re.escape(one.arg)}={_written(one.value)}" if one.arg else r"(?: \S+=\S+)*" for one in node.keywords]
    return _written(node.args[0]) + "".join(pairs)


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """One for each line that some code writes."""
    found: set[str] = set()
    for tree in _trees():
        aside = _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (pattern := _called(node)):
                found.add(pattern)
            elif isinstance(node, (ast.JoinedStr, ast.Constant)) and id(node) not in aside:
                text = _written(node)
                if "status=" in text and _LINE.match(text):
                    found.add(text)
    return tuple(re.compile(one) for one in sorted(found) if not re.match(r"\.\+ status=(?:\.\+|\\S)", one))


@cache
def words() -> frozenset[str]:
    """Every string of the code that may be a token, such as a reason; codes of refusals in small letters."""
    found: set[str] = set()
    for tree in _trees():
        aside = _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside:
                found |= set(re.findall(r"(?:\w+=)?(\w+)", node.value.lower()) if "=" in node.value else [])
                if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", node.value):
                    found.add(node.value.lower())
    return frozenset(found)


def can_be_said(line: str) -> bool:
    """Some code writes a line like this. `<n>` and `<word>` stand for any value, `a|b` for either."""
    said = re.sub(r"<\w+>", "1", line)
    either = [said.replace(one, value) for one in re.findall(r"\S+\|\S+", said) for value in _values(one)] or [said]
    return all(_is_written(one) for one in either)


def _is_written(line: str) -> bool:
    """A pattern whose status may be anything takes only words that the code has."""
    name, status = line.partition(" ")[0], re.search(r"status=(\w+)", line)
    known = name in words() | get_commands().keys() and (status is None or status[1] in words())
    return known and any(pattern.fullmatch(line) for pattern in patterns())


def _values(pair: str) -> list[str]:
    name, _, value = pair.partition("=")
    return [f"{name}={one}" for one in value.split("|")]


def is_token(word: str) -> bool:
    """Some code can say this word as a reason, a status or a name. What guards the volume has `_0` behind its name."""
    return word in words() or word.removesuffix("_0") in words() or any(one.fullmatch(word) for one in _made())


@cache
def _made() -> tuple[re.Pattern[str], ...]:
    """Reasons that are put together: with a number in them, or of two words, such as `no_{part}`."""
    numbered = {one.pattern.rpartition("reason=")[2] for one in patterns()}
    found = {one.replace(".+", "[0-9]+") for one in numbered if re.match(r"[a-z]\w{3,}", one)}
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and re.fullmatch(r"[a-z]+_\.\+", text := _written(node)):
                found |= {text.replace(".+", one) for one in words() if re.fullmatch(r"[a-z_]+", one)}
    return tuple(re.compile(one) for one in sorted(found))
