"""Do changelog, package and API say the same version?"""

import re
import tomllib
from pathlib import Path

from checks.operations.policies.finding import Finding, Result
from opsportal import VERSION
from opsportal.api.urls import api

# `## 0.1.0 (unreleased)`: the newest stands on top.
_HEADING = re.compile(r"^## \[?(\d+\.\d+\.\d+\S*?)\]?(?:\s|$)", re.M)


def look(root: Path) -> Result:
    """What each place says; the running code is what the others have to agree with."""
    said = {"pyproject": _project(root / "pyproject.toml"), "changelog": _changelog(root / "CHANGELOG.md")}
    said |= {"api": str(api.version)}
    return Result(len(said) + 1, tuple(_differs(name, version) for name, version in said.items() if version != VERSION))


def _differs(name: str, version: str | None) -> Finding:
    return Finding("versions_differ" if version else "version_missing", f"{name}:{version or 'none'}")


def _project(file: Path) -> str | None:
    try:
        version = tomllib.loads(file.read_text())["project"]["version"]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return None
    return str(version)


def _changelog(file: Path) -> str | None:
    found = _HEADING.search(file.read_text()) if file.exists() else None
    return found[1] if found else None
