"""Checks as YAML, in the portal's own plain form of it."""

from collections.abc import Mapping
from typing import Any

from checks.catalogue.definitions import Entry
from opsportal import plain_yaml
from opsportal.plain_yaml import MOST_BYTES, MOST_ENTRIES, VERSION

__all__ = ["MOST_BYTES", "MOST_CHECKS", "VERSION", "lines", "read", "write"]

MOST_CHECKS = MOST_ENTRIES
_HEAD = "# Checks of Opsportal. Secrets stand here by the names of environment variables only.\n"


def write(entries: Mapping[str, Entry], *, name: str = "checks", head: str = _HEAD) -> str:
    """Definitions by their keys, in the order of the keys."""
    return plain_yaml.write(entries, name=name, head=head)


def read(text: str | bytes, *, name: str = "checks") -> dict[str, Mapping[str, Any]]:
    """Definitions by their keys, every value as the text that was written. Refused for anything but plain YAML."""
    return plain_yaml.read(text, name=name)


def lines(text: str | bytes) -> dict[tuple[str, ...], int]:
    """On which line each check, each of its fields and each part of its configuration stands; of what `read` took."""
    return plain_yaml.lines(text, name="checks")
