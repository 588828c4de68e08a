"""Signatures of webhooks in the form of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. Pure."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

_PREFIX = "whsec_"


def new_secret() -> str:
    """A signing secret as receivers' libraries expect it.

    >>> new_secret().startswith("whsec_")
    True
    """
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(message_id: str, timestamp: int, body: bytes, signing_secrets: Iterable[str]) -> str:
    """One `v1,…` for each active secret, apart by blanks, so that a receiver may still hold the old one."""
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return " ".join(
        "v1," + base64.b64encode(hmac.new(_key(one), signed, hashlib.sha256).digest()).decode()
        for one in signing_secrets
    )


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_PREFIX)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
