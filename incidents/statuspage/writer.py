"""Put a snapshot on disk so that readers see the old one or the new one, never half of either.

A version is a folder of its own; `current` is a link that is switched in one step. Any number of processes may write:
a lock file lets one at a time load, build and switch, so the newest knowledge always wins.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from incidents.statuspage.snapshot import MANIFEST, Tree

KEEP = 5
CURRENT = "current"
ASSETS = "status/assets/"
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_UNFINISHED = ".unfinished-"


class Busy(OSError):  # noqa: N818 - it is a state of the folder, not a mistake
    """Another process has been writing for too long."""


@contextmanager
def exclusive(root: Path, *, within: float = 10.0) -> Iterator[None]:
    """Hold the right to write. It ends with the process, so a crash leaves no lock behind."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "a") as lock:
        limit = time.monotonic() + within
        while not _try_lock(lock.fileno()):
            if time.monotonic() > limit:
                raise Busy(f"the snapshot was locked for {within:g} s")
            time.sleep(0.02)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write(root: Path, tree: Tree, *, at: datetime) -> Path:
    """Make a version and switch to it. Call it inside `exclusive`."""
    _clean(root)
    name = f"{at.astimezone(UTC).strftime(_STAMP)}-{secrets.token_hex(4)}"
    unfinished, version = root / f"{_UNFINISHED}{name}", root / name
    unfinished.mkdir()
    _fill(unfinished, tree, before=root / CURRENT, kept=manifest(root).get("digests", {}))
    os.rename(unfinished, version)
    _switch(root, name)
    _prune(root)
    return version


def forget_others(root: Path) -> None:
    """Delete every version but the one that readers get. Call it inside `exclusive`."""
    shown = os.readlink(root / CURRENT)
    for old in root.iterdir():
        if old.is_dir() and not old.is_symlink() and old.name != shown:
            shutil.rmtree(old, ignore_errors=True)


def export(folder: Path, tree: Tree) -> None:
    """The same files into any folder, for a static host. A file is replaced in one step; foreign files stay.

    What an earlier export wrote and the page has no more goes first: an incident that was taken away, above all.
    """
    _take_away(folder, tree)
    for path, body in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        part.write_bytes(body)
        os.replace(part, target)


def _take_away(folder: Path, tree: Tree) -> None:
    """Only what still is as it was written: the rest is somebody else's. Styles stay for pages that caches hold."""
    written = _manifest_of(folder).get("digests")
    for path, digest in written.items() if isinstance(written, dict) else ():
        target = folder / path
        if path in tree or path.startswith(ASSETS) or not target.resolve().is_relative_to(folder.resolve()):
            continue
        if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == digest:
            target.unlink()
            if not any(target.parent.iterdir()):
                target.parent.rmdir()


def manifest(root: Path) -> dict[str, Any]:
    """The manifest that readers see now; empty before the first build or when it cannot be read."""
    return _manifest_of(root / CURRENT)


def _manifest_of(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def built_at(root: Path) -> datetime | None:
    """When the version that readers see was built; None before the first."""
    try:
        name = os.readlink(root / CURRENT)
    except OSError:
        return None
    return datetime.strptime(name.rpartition("-")[0], _STAMP).replace(tzinfo=UTC)


def _fill(folder: Path, tree: Tree, *, before: Path, kept: Mapping[str, str]) -> None:
    """Write what is new; what the version before already has is linked, which costs neither space nor a sync."""
    digests: dict[str, str] = json.loads(tree[MANIFEST])["digests"]
    made: set[Path] = {folder}
    for path, body in tree.items():
        target = folder / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made |= {parent for parent in target.parents if parent.is_relative_to(folder)}
        if not (path in kept and kept[path] == digests.get(path) and _link(before / path, target)):
            _write(target, body)
    for parent in made:
        _sync(parent)


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system, no links, or the file is gone: it is written instead
        return False
    return True


def _write(target: Path, body: bytes) -> None:
    with open(target, "xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _switch(root: Path, name: str) -> None:
    link = root / f"{_UNFINISHED}link-{secrets.token_hex(4)}"
    link.symlink_to(name)
    os.replace(link, root / CURRENT)
    _sync(root)


def _clean(root: Path) -> None:
    """What a crashed writer left; nobody else writes now, because we hold the lock."""
    for left in root.glob(f"{_UNFINISHED}*"):
        if left.is_symlink():
            left.unlink()
        else:
            shutil.rmtree(left, ignore_errors=True)


def _prune(root: Path) -> None:
    """Keep the newest few; a reader that just looked up the link still finds its files."""
    shown = os.readlink(root / CURRENT)
    versions = sorted(
        (one for one in root.iterdir() if one.is_dir() and not one.is_symlink()), key=lambda one: one.stat().st_ctime_ns
    )
    for old in versions[:-KEEP]:
        if old.name != shown:
            shutil.rmtree(old, ignore_errors=True)
