"""Addresses of readers: whether one can be used, and the hash by which it is known again."""

import hmac
import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from incidents.subscribers.models import AddressKey
from opsportal.errors import Refused
from opsportal.network import Forbidden
from opsportal.outbox.letter import typed_guard
from opsportal.outbox.models import Channel
from opsportal.secrets.sealed import seal

_ONLY = 1
LONGEST = 500


def hashed(channel: str, address: str) -> str:
    """The same for the same address, and nothing without the key, which is closed as addresses are."""
    row, _ = AddressKey._default_manager.get_or_create(pk=_ONLY, defaults={"secret": seal(secrets.token_hex(32))})
    return hmac.digest(row.secret.open().encode(), f"{channel}:{plain(channel, address)}".encode(), "sha256").hex()


def plain(channel: str, address: str) -> str:
    """As it is compared: nobody has two mailboxes that differ by case."""
    return address.strip().lower() if channel == Channel.EMAIL else address.strip()


def require(channel: str, address: str) -> None:
    """Refuse what cannot be written to. A web address is judged again when it is connected to."""
    if len(address) > LONGEST:
        raise Refused("BAD_ADDRESS", "This address is too long.")
    if channel == Channel.EMAIL:
        try:
            validate_email(address)
        except ValidationError:
            raise Refused("BAD_ADDRESS", "Write one mail address, such as you@example.org.") from None
        return
    try:
        typed_guard().check_url(address)
    except (Forbidden, ValueError):
        # What lies inside, and what is allowed there, is not a stranger's to know.
        raise Refused("BAD_ADDRESS", "Write a public address that begins with https:// or http://.") from None
