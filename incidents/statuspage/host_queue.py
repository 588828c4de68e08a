"""Words from the host that wait for the database: a file each in the data folder, readable by the portal only."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from django.conf import settings

from incidents.statuspage import rollup
from incidents.statuspage.host_post import STATUSES, HostPost
from opsportal.moments import EARLIEST, LATEST

_REFUSED = ".refused"


def folder() -> Path:
    return Path(settings.DATA_DIR) / "host_posts"


def add(post: HostPost) -> Path:
    """Keep it for the database, on the disk itself when this returns. Safe to run twice."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    known = [path for path, one in _files() if one.public_id == post.public_id]
    if known:
        return known[0]
    target = folder() / f"{post.posted_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{post.public_id}.json"
    part = target.with_suffix(f".{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(post), file, default=_as_text, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return target


def waiting() -> list[HostPost]:
    """What the database does not know yet, the earliest first."""
    return [post for _, post in _files()]


def unread() -> list[str]:
    """Names of files that nobody can read as a word: cut off, changed by hand, or another program's."""
    read = {path.name for path, _ in _files()}
    return [path.name for path in sorted(folder().glob("*.json")) if path.name not in read]


def set_unread_aside(name: str) -> bool:
    """The file stays beside the others for whoever looks into it; False when there is no such unread file."""
    if name not in unread():
        return False
    path = folder() / name
    path.rename(path.with_suffix(_REFUSED))
    return True


def done(post: HostPost) -> None:
    """The database has it. Safe to run twice."""
    for path, one in list(_files()):
        if one.public_id == post.public_id:
            path.unlink(missing_ok=True)


def set_aside(post: HostPost) -> None:
    """It cannot become a row; the file stays beside the others for whoever looks into it."""
    for path, one in list(_files()):
        if one.public_id == post.public_id:
            path.rename(path.with_suffix(_REFUSED))


def _files() -> Iterator[tuple[Path, HostPost]]:
    """In the order of their times, which their names begin with; what cannot be read is nobody's word."""
    for path in sorted(folder().glob("*.json")):
        try:
            yield path, _read(path.read_text())
        except (OSError, ValueError, TypeError, KeyError):
            continue


def _read(text: str) -> HostPost:
    """ValueError, TypeError or KeyError for what the portal did not write: one bad file must not stop the page."""
    facts = json.loads(text)
    due = facts["next_update_at"]
    post = HostPost(
        **facts
        | {
            "posted_at": _moment(facts["posted_at"]),
            "next_update_at": _moment(due) if due else None,
            "components": tuple((code, status) for code, status in facts["components"]),
        }
    )
    words = (post.public_id, post.incident_id, post.title, post.body, post.posted_by, *chain(*post.components))
    if not all(isinstance(word, str) and word and "\0" not in word for word in words):
        raise TypeError("words are missing")
    if post.status not in STATUSES or not {status for _, status in post.components} <= set(rollup.BEST_TO_WORST):
        raise ValueError("a status that there is not")
    if len(post.public_id) > 12 or len(post.incident_id) > 12 or len(post.title) > 160:
        raise ValueError("too long for a row")
    return post


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not EARLIEST <= found < LATEST:
        raise ValueError("a time that nobody wrote")
    return found


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
