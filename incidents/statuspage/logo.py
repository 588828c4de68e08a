"""A logo as readers get it: a PNG or WebP that is one, without anything that is not the picture.

Cameras and editors write places, names and dates into files; these parts are left out. SVG is not taken: it is a
program.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# With page, stylesheet and icon, a first view stays below 24 KB.
MOST_BYTES = 5 * 1024
MOST_PIXELS = 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND"})
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
# Of the flags in VP8X: colour profile, Exif, XMP and animation go, transparency stays.
_WEBP_FLAGS = 0x10


@dataclass(frozen=True)
class Picture:
    """What is kept of a file."""

    body: bytes
    content_type: str


def clean(body: bytes) -> Picture:
    """The picture alone. ValueError says in a sentence why it cannot be taken."""
    try:
        if body.startswith(_PNG):
            found = Picture(_png(body), "image/png")
        elif body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            found = Picture(_webp(body), "image/webp")
        else:
            raise ValueError("Choose a PNG or WebP picture.")
    except (struct.error, IndexError, zlib.error) as problem:
        raise ValueError("This picture is damaged. Save it again as PNG.") from problem
    if len(found.body) > MOST_BYTES:
        raise ValueError(f"The picture has {len(found.body) / 1024:.1f} KB; at most {MOST_BYTES // 1024} KB are taken.")
    return found


def _png(body: bytes) -> bytes:
    kept, names, pixels, most = [_PNG], [], zlib.decompressobj(), 0
    for name, data in _png_parts(body):
        names.append(name)
        if name == b"IHDR":
            width, height = struct.unpack(">II", data[:8])
            _require_small(width, height)
            most = (width * 8 + 8) * height * 2  # eight bytes a pixel at most, and the rows of an interlaced picture
        elif name == b"IDAT":
            most -= len(pixels.decompress(data, max(most, 0) + 1))
        if name in _PNG_KEPT:
            kept.append(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or not pixels.eof or most < 0:
        raise struct.error
    return b"".join(kept)


def _png_parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place < len(body):
        (length,) = struct.unpack(">I", body[place : place + 4])
        name, data = body[place + 4 : place + 8], body[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", body[place + 8 + length : place + 12 + length])
        if check != zlib.crc32(name + data):
            raise struct.error
        yield name, data
        if name == b"IEND":
            return  # what hangs behind the picture is none of it
        place += 12 + length


def _webp(body: bytes) -> bytes:
    kept, names = [], []
    for name, data in _webp_parts(body):
        names.append(name)
        if name == b"VP8X":
            data = bytes([data[0] & _WEBP_FLAGS]) + data[1:]
            _require_small(*(int.from_bytes(data[start : start + 3], "little") + 1 for start in (4, 7)))
        elif name == b"VP8 ":
            _require_small(*(number & 0x3FFF for number in struct.unpack("<HH", data[6:10])))
        elif name == b"VP8L":
            (bits,) = struct.unpack("<I", data[1:5])
            _require_small((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        if name in _WEBP_KEPT:
            kept.append(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2))
    if not {b"VP8 ", b"VP8L"} & set(names):
        raise ValueError("A picture that moves is not taken. Save one of its frames as PNG.")
    whole = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole


def _webp_parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, place = min(len(body), struct.unpack("<I", body[4:8])[0] + 8), 12
    while place < end:
        name, (length,) = body[place : place + 4], struct.unpack("<I", body[place + 4 : place + 8])
        data = body[place + 8 : place + 8 + length]
        if len(data) != length:
            raise struct.error
        yield name, data
        place += 8 + length + length % 2


def _require_small(width: int, height: int) -> None:
    if not 0 < width <= MOST_PIXELS or not 0 < height <= MOST_PIXELS:
        raise ValueError(f"The picture is {width} × {height} pixels; at most {MOST_PIXELS} on a side are taken.")
