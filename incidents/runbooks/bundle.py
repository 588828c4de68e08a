"""Runbooks on their way in and out: one Markdown file, or a zip of many."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime

from django.core.files import File

from incidents.runbooks import actions, files
from incidents.runbooks.actions import Plan
from incidents.runbooks.files import Document, UnreadableError
from opsportal.as_code import ImportRefused, Wrong
from opsportal.models import User
from opsportal.privacy import guard

MOST_FILES = 300
# A zip may promise little and unfold to gigabytes: more than this is not read, whatever it says of itself. It is some
# hundreds of usual runbooks; four times as much kept the guard busy for half a minute.
MOST_BYTES = 1024 * 1024
# These unfold piece by piece; bzip2 and LZMA unfold a whole file at once, and 300 bytes may be as many MiB.
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# What a zip that is cut off or filled with noise raises, wherever it is read.
_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError),
)


def pack(texts: Mapping[str, str]) -> bytes:
    """Files by their slugs in one zip; the same bytes for the same texts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for slug, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"{slug}.md"), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def import_bundle(sent: File[bytes], *, by: User, at: datetime) -> Plan:
    """Take in what somebody sent, all of it or nothing."""
    sent.seek(0)
    return actions.import_runbooks(unpack(sent.name or "", sent.read()), by=by, at=at)


def unpack(name: str, content: bytes) -> list[Document]:
    """The runbooks in a file that somebody sent; every file that is none of them is named with the reason."""
    raw = _members(name, content) if zipfile.is_zipfile(io.BytesIO(content)) else {_base(name): content}
    found, wrong = [], list[Wrong]()
    for path, text in raw.items():
        try:
            found.append(files.read(path.removesuffix(".md"), _decoded(path, text)))
        except UnreadableError as why:
            wrong.append(_wrong(path, str(why)))
    if wrong or not found:
        raise ImportRefused(wrong or [_wrong(_base(name), "There is no .md file in it.")], "file")
    return found


def _members(name: str, content: bytes) -> dict[str, bytes]:
    """The Markdown files of a zip by their plain names; folders are left aside."""
    raw: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".md") and not one.is_dir()]
            if len(members) > MOST_FILES:
                raise _refused(_base(name), f"It holds more than {MOST_FILES} files.")
            if any(one.compress_type not in _PLAIN for one in members):
                raise _refused(_base(name), "It is packed in a rare way. Pack it again as a usual zip (deflate).")
            for one in members:
                path = _base(one.filename)
                if path in raw:
                    raise _refused(path, "It stands twice in the zip.")
                with archive.open(one) as member:
                    raw[path] = member.read(left + 1)
                left -= len(raw[path])
                if left < 0:
                    raise _refused(_base(name), f"It unfolds to more than {MOST_BYTES // 1024 // 1024} MiB.")
    except _BROKEN as broken:
        raise _refused(_base(name), "This zip is broken, or locked with a password.") from broken
    return raw


def _refused(path: str, sentence: str) -> ImportRefused:
    return ImportRefused([_wrong(path, sentence)], "file")


def _wrong(path: str, sentence: str) -> Wrong:
    """The name of a file may hold anything, a secret too."""
    return Wrong(guard.redact(path), "", sentence)


def _base(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1][:100]


def _decoded(path: str, text: bytes) -> str:
    if not path.endswith(".md"):
        raise UnreadableError("It is no Markdown file: its name has to end in .md.")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as odd:
        raise UnreadableError("It is not UTF-8 text.") from odd
