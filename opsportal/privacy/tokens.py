"""Stable tokens: the same person has the same token in every text of this portal, and nobody can go back."""

import hashlib
import hmac
import re
from functools import cache

from django.conf import settings

from opsportal.privacy.kinds import Kind


@cache
def _key(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"privacy.tokens").digest()


def stable(kind: Kind, value: str) -> str:
    """Such as `user:c3a9f1024b7e`. Spaces, dashes and the case of the value make no difference."""
    plain = re.sub(r"[^0-9a-z@.+_:]", "", value.lower())
    digest = hmac.digest(_key(settings.SECRET_KEY), f"{kind.token}:{plain}".encode(), "sha256").hex()
    return f"{kind.token or 'id'}:{'abcdef'[int(digest[0], 16) % 6]}{digest[1:12]}"
