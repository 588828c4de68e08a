"""The names under which the cache keeps things: allauth puts networks and user names into them, and it is a table."""

from django.utils.crypto import salted_hmac


def closed(key: str, key_prefix: str, version: int) -> str:
    """A keyed hash; nobody can turn it back by trying all addresses without the portal's key."""
    return salted_hmac("opsportal.cache", f"{key_prefix}:{version}:{key}", algorithm="sha256").hexdigest()
