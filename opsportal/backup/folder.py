"""Where backups lie: written beside their final name, put there at once, and only the newest kept."""

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from opsportal.backup import sealed_file
from opsportal.schema.fault import Fault

_NAME = re.compile(r"opsportal-\d{8}T\d{6}Z\.backup")
_HALF = re.compile(r"\.opsportal-\d{8}T\d{6}Z\.backup\.\d+")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(folder: Path, at: datetime) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file for us alone; it gets its name when the block ends well, and is gone when it does not.

    Faults: `disk_full`, `not_writable`, `already_there`.
    """
    final = folder / f"opsportal-{at:%Y%m%dT%H%M%SZ}.backup"
    half = folder / f".{final.name}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_halves(folder)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield final, file
            file.flush()
            os.fsync(file.fileno())
            _name(half, final)
        sealed_file.sync_folder(folder)
    except OSError as problem:
        raise _cannot_write(problem) from None
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)


def _name(half: Path, final: Path) -> None:
    """Never over a backup that is there: a second one within the same second waits for the next."""
    try:
        os.link(half, final)
    except FileExistsError:
        raise Fault("already_there", "A backup of this very second is there already: try again.") from None


def _cannot_write(problem: OSError) -> Fault:
    if problem.errno in _FULL:
        return Fault("disk_full", "The disk of the output folder is full. Nothing half written was left there.")
    return Fault("not_writable", f"The output folder cannot be written to: {problem.strerror or 'no reason given'}.")


def _remove_halves(folder: Path) -> None:
    """What a killed run left behind; one that is still being written is locked by its writer."""
    for path in folder.iterdir():
        if _HALF.fullmatch(path.name):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def keep_newest(folder: Path, number: int) -> int:
    """Remove older backups beyond this number; how many went.

    Only files with our names that one of our keys opens: another portal's in the same folder are not ours to remove.
    """
    ours = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and sealed_file.is_ours(path))
    old = ours[:-number] if number else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def newest(folder: Path) -> Path:
    """The newest of our backups there; Fault `no_backup` when there is none."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        found = []
    if not found:
        raise Fault("no_backup", "There is no backup in the data folder yet: bin/manage backup makes one.")
    return max(found, key=lambda path: path.name)
