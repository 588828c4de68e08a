"""Public ids of what has no row of its own: twelve characters that stay the same while the names do."""

import hashlib

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def stable_id(*names: str) -> str:
    """
    >>> stable_id("page00000001", "Shop") == stable_id("page00000001", "Shop")
    True
    """
    number = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:9], "big")
    digits = []
    for _ in range(12):
        number, rest = divmod(number, 36)
        digits.append(_LETTERS[rest])
    return "".join(digits)
