"""The folder that holds everything a portal keeps on this machine: who may use it, and what lies where."""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opsportal.embedded.places import Unusable
from opsportal.processes import birth, write_privately

MEGABYTE = 1024 * 1024
LOCK = "opsportal.lock"
# What somebody who restores a backup on a new machine puts there first (docs/operate.md).
_BROUGHT_ALONG = {"integration_key", "secret_key", "seals", "backups", "lost+found"}


@dataclass(frozen=True)
class DataFolder:
    """A folder that is ours alone until we end: the lock goes with the process, however it ends."""

    path: Path
    lock: int

    @property
    def children(self) -> Path:
        return self.path / "children.json"

    def secret_key(self) -> str:
        """The key for sessions and links, made once."""
        file = self.path / "secret_key"
        if not file.exists():
            write_privately(file, f"{secrets.token_urlsafe(48)}\n")
        return file.read_text().strip()

    def release(self) -> None:
        """Let the next one have it, while this process goes on."""
        os.close(self.lock)

    def note_port(self, port: int) -> None:
        """Tell a second start who we are."""
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, json.dumps({"pid": os.getpid(), "port": port}).encode(), 0)


def take(path: Path, *, least_free: int) -> DataFolder:
    """Make the folder if needed and lock it; Unusable says in one sentence why not. `least_free` is in bytes."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_strange(path)
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (PermissionError, FileExistsError, NotADirectoryError) as problem:
        raise Unusable(f"Cannot write to the data folder {path}: choose another with --data-dir.") from problem
    except OSError as problem:
        raise Unusable(f"Cannot use the data folder {path} ({problem.strerror}): choose another.") from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Unusable(_in_use(path)) from None
    free = shutil.disk_usage(path).free
    if free < least_free:
        raise Unusable(
            f"Only {free // MEGABYTE} MB are free where the data folder {path} lies; "
            f"{least_free // MEGABYTE} MB are needed."
        )
    return DataFolder(path, lock)


def _refuse_strange(path: Path) -> None:
    """A folder of somebody else's things, or of another user's portal, must not be mixed with ours."""
    entries = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")} - _BROUGHT_ALONG
    if LOCK not in entries and entries:
        raise Unusable(f"{path} holds other files: choose an empty or a new folder with --data-dir.")
    if LOCK in entries and (owner := (path / LOCK).stat().st_uid) != os.geteuid():
        raise Unusable(f"The data folder {path} belongs to {_name(owner)}: run this as that user, or choose another.")
    # For root a missing write permission changes nothing, yet whoever took it away meant it.
    if not path.stat().st_mode & stat.S_IWUSR:
        raise PermissionError


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"user {uid}"


def _in_use(path: Path) -> str:
    port = ""
    with suppress(OSError, ValueError, KeyError):
        port = f", which serves port {json.loads((path / LOCK).read_text())['port']}"
    return (
        f"The data folder {path} is in use by another bin/up{port}: stop that one, or choose another with --data-dir."
    )


@dataclass(frozen=True)
class Runtime:
    """What bin/manage must know about a running portal. Names and socket paths only, never a secret."""

    environment: dict[str, str]
    port: int


def publish(folder: DataFolder, runtime: Runtime) -> None:
    """Write it down for bin/manage."""
    facts = {"pid": os.getpid(), "birth": birth(os.getpid()), "port": runtime.port, "environment": runtime.environment}
    write_privately(folder.path / "runtime.json", json.dumps(facts, indent=1))


def withdraw(folder: DataFolder) -> None:
    """Nothing runs here any more."""
    (folder.path / "runtime.json").unlink(missing_ok=True)


def running(path: Path) -> Runtime | None:
    """The portal that runs in this folder, or None; what a killed one left behind does not count."""
    try:
        facts = json.loads((path / "runtime.json").read_text())
        alive = facts["birth"] is not None and birth(facts["pid"]) == facts["birth"]
        return Runtime(facts["environment"], facts["port"]) if alive else None
    except PermissionError:
        raise
    except (OSError, ValueError, KeyError):
        return None
