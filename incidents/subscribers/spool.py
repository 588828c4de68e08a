"""What readers ask while the database is away: kept on disk, closed under the integration key, bounded.

One file a request, readable by the portal only. A sweep does what they say as soon as the database is back.
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings

from incidents.subscribers import actions
from opsportal.errors import Refused
from opsportal.secrets import keys

_ACTS: dict[str, Callable[..., object]] = {"ask": actions.ask, "confirm": actions.confirm, "end": actions.end}
log = structlog.get_logger("incidents.subscribers")
MOST_FILES = 2_000
# One stranger cannot take the place of all others.
MOST_OF_ONE = 20
_LONGEST = 4_096
_END = ".sealed"


def keep(act: str, asked: Mapping[str, Any], *, who: str, at: datetime) -> bool:
    """Write one request down; False when there is no room, or no disk. `who` is a keyed hash of the sender."""
    folder = _folder()
    body = json.dumps({"act": act, "at": at.timestamp(), **asked}).encode()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = os.listdir(folder)
        if len(body) > _LONGEST or len(names) >= MOST_FILES or sum(f"-{who}-" in name for name in names) >= MOST_OF_ONE:
            return False
        path = folder / f"{time.time_ns()}-{who}-{secrets.token_hex(4)}{_END}"
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(keys.ring().encrypt(body))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as failure:
        log.warning("a reader's request could not be kept", error=type(failure).__name__)
        return False
    return True


def drain(*, at: datetime) -> int:
    """Do what was asked, oldest first; how many. A file goes when its act is done, so a lost worker repeats one."""
    count = 0
    for path in sorted(_folder().glob(f"*{_END}")):
        try:
            asked = json.loads(keys.ring().decrypt(path.read_bytes()))
        except (InvalidToken, ValueError):
            log.warning("a reader's request cannot be opened; it is put aside")
            path.replace(path.with_suffix(".unreadable"))
            continue
        except OSError:
            continue  # another worker was here, or it is no file
        _do(asked, at=at)
        path.unlink(missing_ok=True)
        count += 1
    return count


def _do(asked: dict[str, Any], *, at: datetime) -> None:
    """At the time at which it was asked, so that a link that was good then is good; a new link begins now."""
    act, asked_at = asked.pop("act"), datetime.fromtimestamp(asked.pop("at"), UTC)
    at = at if act == "ask" else asked_at
    try:
        _ACTS[act](**asked, at=at)
    except Refused as refusal:
        log.info("a reader's request came to nothing", act=act, code=refusal.code)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "readers"
