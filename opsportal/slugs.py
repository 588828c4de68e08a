"""The last part of an address that a person chooses: the same few signs wherever something gets one. Pure."""

import re

from opsportal.errors import Refused

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_slug(words: str, *, longest: int = 60) -> bool:
    """Whether an address may end so.

    >>> [is_slug(one) for one in ("cdn-outage", "CDN-outage", "cdn_outage", "-cdn", "cdn--outage", "")]
    [True, False, False, False, False, False]
    """
    return len(words) <= longest and SLUG.fullmatch(words) is not None


def require_slug(words: str, *, longest: int = 60) -> None:
    """Refuse what no address may end with: two that differ in a capital alone would be taken for one another."""
    if not is_slug(words, longest=longest):
        sentence = f"An address has small letters, digits and single dashes, at most {longest} signs."
        raise Refused("SLUG_UNKNOWN", sentence)
