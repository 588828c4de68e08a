"""The file of a backup: a head with a closed key, then compressed and encrypted frames, the last of which says so.

Each file has a key of its own, closed under INTEGRATION_ENCRYPTION_KEY, so that rotating that one leaves old files
readable for as long as the old key stands in the list. A frame cannot be changed, left out, moved or cut off unseen:
its place and whether it is the last are part of what is authenticated (the STREAM construction).
"""

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from opsportal.errors import Refused
from opsportal.schema.fault import Fault
from opsportal.secrets import keys

FORM = 1
FRAME_BYTES = 1024 * 1024
_HEAD = re.compile(rb"opsportal backup (\d{1,4}) ([A-Za-z0-9_=-]{40,400}) ([0-9a-f]{16})\n")
_LONGEST_HEAD = 500
_LENGTH = struct.Struct(">I")
_KEY_BITS = 256


class Writer:
    """Frames of one kind each into a file that is open for writing. `close` writes the last one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._place = 0
        key = AESGCM.generate_key(_KEY_BITS)
        self._cipher = AESGCM(key)
        token = keys.ring().encrypt(key)
        self._file.write(b"opsportal backup %d %s %s\n" % (FORM, token, _check(token)))

    def frame(self, kind: bytes, payload: bytes) -> None:
        """One frame; its kind is one byte, and what that means is the reader's affair."""
        self._put(kind, payload, is_last=False)

    def close(self, kind: bytes, payload: bytes) -> None:
        """The last frame: a file without it is not whole."""
        self._put(kind, payload, is_last=True)

    def _put(self, kind: bytes, payload: bytes, *, is_last: bool) -> None:
        closed = self._cipher.encrypt(_nonce(self._place, is_last), zlib.compress(kind + payload, 3), None)
        self._file.write(_LENGTH.pack(len(closed)) + closed)
        self._place += 1


def frames(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Kind and payload of each frame, the whole file.

    Faults: `file_unreadable`, `wrong_key`, `newer_version`, `damaged` (at the frame that is not what was written, so
    whoever acts on a frame before the end must be able to take that back).
    """
    try:
        with path.open("rb") as file:
            cipher = AESGCM(_key(file))
            yield from _frames(file, cipher)
    except OSError as problem:
        raise Fault("file_unreadable", f"The file cannot be read: {problem.strerror or 'no reason given'}.") from None


def is_ours(path: Path) -> bool:
    """Whether one of our keys opens the file; only its first line is read."""
    try:
        with path.open("rb") as file:
            _key(file)
    except (OSError, Fault):
        return False
    return True


def _key(file: BinaryIO) -> bytes:
    """The key of this file. A changed head and a wrong key are told apart by a digest beside the closed key."""
    found = _HEAD.fullmatch(file.readline(_LONGEST_HEAD))
    if not found or _check(found[2]) != found[3]:
        raise damaged("It does not begin as a backup does")
    if int(found[1]) > FORM:
        raise Fault("newer_version", "A newer version of the portal wrote this file: restore it with that one.")
    try:
        return keys.known().decrypt(found[2])
    except Refused as refusal:
        raise Fault("wrong_key", refusal.sentence) from None
    except InvalidToken:
        raise Fault(
            "wrong_key", f"{keys.NAME} does not open this backup. Set the key it was made with, behind a comma."
        ) from None


def _frames(file: BinaryIO, cipher: AESGCM) -> Iterator[tuple[bytes, bytes]]:
    place, head = 0, file.read(_LENGTH.size)
    while head:
        body = file.read(_length(head))
        head = file.read(_LENGTH.size)
        try:
            plain = zlib.decompress(cipher.decrypt(_nonce(place, is_last=not head), body, None))
        except (InvalidTag, zlib.error):
            raise damaged(f"Frame {place + 1} is not what was written, or the file ends too early") from None
        yield plain[:1], plain[1:]
        place += 1
    if not place:
        raise damaged("It holds nothing")


def _length(head: bytes) -> int:
    """Bounded, so that a damaged length does not fill the memory."""
    if len(head) < _LENGTH.size or (length := _LENGTH.unpack(head)[0]) > 4 * FRAME_BYTES:
        raise damaged("The file ends too early, or its length was changed")
    return int(length)


def damaged(what: str) -> Fault:
    """Nothing in such a file is used."""
    return Fault("damaged", f"{what}: this is not a whole backup. Take another one.")


def _nonce(place: int, is_last: bool) -> bytes:
    return struct.pack(">QI", place, is_last)


def _check(token: bytes) -> bytes:
    return hashlib.sha256(token).hexdigest()[:16].encode()


def sync_folder(folder: Path) -> None:
    """A rename is only sure to survive a power cut once its folder is written."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
