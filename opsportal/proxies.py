"""Who really asks, and how, when a proxy stands in front: decided once at the door, for everybody behind it."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SCHEMES = {"http", "https"}
# Nobody further in reads one of these and believes a stranger.
_HEADERS = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_REAL_IP", "HTTP_FORWARDED"),
)


class TrustedProxies:
    """WSGI wrapper, outermost: REMOTE_ADDR and the scheme as a trusted proxy tells them, as the wire says else.

    `scheme` is that of BASE_URL: the portal itself never ends TLS, so behind a proxy that tells nothing every request
    came as people type the address.
    """

    def __init__(self, app: App, *, networks: Sequence[Network], scheme: str) -> None:
        self.app = app
        self.networks = tuple(networks)
        self.scheme = scheme

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        scheme = self.scheme
        peer = _address(environ.get("REMOTE_ADDR") or "")
        if peer is not None and self._is_trusted(peer):
            environ["REMOTE_ADDR"] = str(self._client(peer, environ.get("HTTP_X_FORWARDED_FOR") or ""))
            told = (environ.get("HTTP_X_FORWARDED_PROTO") or "").rpartition(",")[2].strip().lower()
            scheme = told if told in _SCHEMES else scheme
        environ["wsgi.url_scheme"] = scheme
        for name in _HEADERS:
            environ.pop(name, None)
        return self.app(environ, start_response)

    def _client(self, peer: Address, forwarded: str) -> Address:
        """The right-most address that is not a proxy of ours: all left of it was written by strangers."""
        nearest = peer
        for entry in reversed(forwarded[-_LONGEST:].split(",")):
            found = _address(entry)
            if found is None:
                return nearest
            nearest = found
            if not self._is_trusted(found):
                return found
        return nearest

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self.networks if network.version == address.version)


_LONGEST = 2000


def _address(text: str) -> Address | None:
    """An address with or without a port, `203.0.113.7:4711` or `[2001:db8::1]:4711`; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
