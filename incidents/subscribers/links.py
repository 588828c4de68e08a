"""Links that readers get: signed, so that nobody can make one, and checked without the database."""

from django.core.signing import BadSignature, Signer

from incidents.statuspage import queries
from opsportal.errors import Refused

_UNSUBSCRIBE, _MANAGE, _CONFIRM = "unsubscribe", "manage", "confirm"


def unsubscribe(pk: int) -> str:
    """One click ends it; mail programs post to it by themselves (RFC 8058)."""
    return f"{queries.origin()}/status/unsubscribe/{_signer(_UNSUBSCRIBE).sign(str(pk))}/"


def manage(pk: int) -> str:
    """Where a reader chooses components."""
    return f"{queries.origin()}/status/manage/{_signer(_MANAGE).sign(str(pk))}/"


def confirm(pk: int, nonce: str) -> str:
    """Used once, within a day."""
    return f"{queries.origin()}/status/confirm/{_signer(_CONFIRM).sign(f'{pk}-{nonce}')}/"


def read_unsubscribe(token: str) -> int:
    return int(_read(_UNSUBSCRIBE, token))


def read_manage(token: str) -> int:
    return int(_read(_MANAGE, token))


def read_confirm(token: str) -> tuple[int, str]:
    pk, _, nonce = _read(_CONFIRM, token).partition("-")
    return int(pk), nonce


def _read(purpose: str, token: str) -> str:
    try:
        return _signer(purpose).unsign(token)
    except BadSignature:
        raise Refused("LINK_BROKEN", "This link is not complete. Copy it from the message once more.") from None


def _signer(purpose: str) -> Signer:
    return Signer(sep=".", salt=f"incidents.subscribers.{purpose}")
