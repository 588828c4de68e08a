"""Where an embedded server may live: its socket folder, its system account, and who can pass which path."""

import grp
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSTEM_ACCOUNT = "opsportal"
SYSTEM_ROOT = Path("/var/lib/opsportal")


class Unusable(Exception):  # noqa: N818 - shown to the operator as one sentence
    """This machine or folder cannot hold the servers; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The user a server runs as."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def user(self) -> int | None:
        """What a process must become; None when it is that already."""
        return None if self.is_ours else self.uid

    @property
    def group(self) -> int | None:
        return None if self.is_ours else self.gid

    def can_pass(self, folder: Path) -> bool:
        """May this user walk into the folder from the root of the file system?"""
        return all(self._may_enter(place) for place in (folder, *folder.parents))

    def _may_enter(self, folder: Path) -> bool:
        if self.uid == 0:
            return True
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        return bool(facts.st_mode & (stat.S_IXGRP if facts.st_gid == self.gid else stat.S_IXOTH))


def digest(folder: Path) -> str:
    """A short name for a data folder, the same in each run."""
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def own_account() -> Account:
    """The user we run as."""
    return Account(os.geteuid(), os.getegid())


def server_account() -> Account:
    """The user for PostgreSQL, which refuses root: ourselves, or for root a system user without a home or a shell."""
    if os.geteuid() != 0:
        return own_account()
    for name in (SYSTEM_ACCOUNT, "postgres"):
        found = _lookup(name)
        if found or (name == SYSTEM_ACCOUNT and (found := _create(name))):
            return found
    raise Unusable(
        "PostgreSQL refuses to run as root and no system user could be made: "
        "run this as an ordinary user, or set DATABASE_URL."
    )


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create(name: str) -> Account | None:
    """Two starts may race for the lock on /etc/passwd; the loser finds the winner's user."""
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return None
    group = ["--gid", name] if _group_exists(name) else ["--user-group"]
    for _attempt in range(5):
        subprocess.run(
            [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", *group, name],
            capture_output=True,
            check=False,
        )
        if found := _lookup(name):
            return found
        time.sleep(0.3)
    return None


def _group_exists(name: str) -> bool:
    with suppress(KeyError):
        return bool(grp.getgrnam(name))
    return False


def socket_folder(data_dir: Path, account: Account) -> Path:
    """The path for sockets of this data folder: short, because a socket's path may have 103 bytes only."""
    return Path(f"/tmp/opsportal-{account.uid}-{digest(data_dir)}")  # noqa: S108 - checked in make_socket_folder


def make_socket_folder(folder: Path, account: Account) -> None:
    """Make it private to the account. Anyone may write to /tmp, so what lies there is checked and never followed."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if not account.is_ours:
            os.chown(folder, account.uid, account.gid)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != account.uid or stat.S_IMODE(facts.st_mode) & 0o077:
        raise Unusable(f"{folder} is not a private folder of ours: remove it and start again.")


def remove_socket_folder(folder: Path) -> None:
    """Take it away after a clean stop; a folder that still holds something is left alone."""
    with suppress(OSError):
        folder.rmdir()
