"""The form of a token: `opsp_<random>_<checksum>`.

Scanners find it by prefix and checksum (docs/api.md), and a mistyped one costs no query.
"""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "opsp_"
RANDOM_LENGTH = 32  # characters out of 62: 190 bits
CHECKSUM_LENGTH = 6
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LENGTH}}}_[0-9A-Za-z]{{{CHECKSUM_LENGTH}}}")


def generate() -> str:
    """A new token; nobody sees it a second time."""
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{body}_{checksum(body)}"


def checksum(body: str) -> str:
    """CRC-32 of everything before it, in base 62 with leading zeros."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def is_well_formed(token: str) -> bool:
    """Whether it can be one of ours at all."""
    if not _FORM.fullmatch(token):
        return False
    body, _, given = token.rpartition("_")
    return checksum(body) == given


def digest(token: str) -> str:
    """What is stored: SHA-256. 190 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
