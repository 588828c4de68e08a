"""The guard for every address given by a user: http or https only, and only public addresses unless listed.

Pure: no Django, so that probes can use it. The address that was checked is the one that is connected to.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

# Cloud metadata services: never, not even by the list. Some lie in public networks and in those of containers.
_METADATA = {
    ipaddress.ip_address(one)
    for one in (
        *("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"),  # Amazon and others
        *("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd20:ce::254"),  # Azure, Alibaba, Oracle, Google
    )
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
# IPv6 networks whose addresses stand for an IPv4 address that a gateway on the way would reach.
_STAND_INS = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96")
)
# What Python still calls global: site-local addresses, segment identifiers, examples, the relays of 6to4.
_NOT_PUBLIC = tuple(ipaddress.ip_network(one) for one in ("fec0::/10", "5f00::/16", "3fff::/20", "192.88.99.0/24"))
_LOOPBACK_NAME = "localhost"
_NUMBER_AT_END = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Forbidden(Exception):  # noqa: N818 - it is a refusal
    """The guard said no; the text is fit for the person who typed the address."""


@dataclass(frozen=True)
class Guard:
    """What may be reached. `allowed` holds networks (10.0.0.0/8) and single targets (host:port)."""

    networks: tuple[Network, ...] = ()
    targets: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    @classmethod
    def from_list(cls, allowed: Iterable[str]) -> "Guard":
        """Read PROBE_ALLOWED_INTERNAL; an entry that is neither a network nor host:port is refused by name."""
        networks, targets = [], set()
        for entry in allowed:
            host, colon, port = entry.rpartition(":")
            if colon and port.isdigit() and "/" not in entry:
                targets.add((host.strip("[]").lower(), int(port)))
                continue
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                raise Forbidden(f"PROBE_ALLOWED_INTERNAL: {entry} is neither a network nor host:port.") from None
        return cls(networks=tuple(networks), targets=frozenset(targets))

    def check_url(self, url: str) -> None:
        """Refuse what can be refused without asking the network: scheme, userinfo, a literal internal address."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS:
            raise Forbidden("The address must begin with http:// or https://.")
        if parts.username is not None or parts.password is not None:
            raise Forbidden("The address may not hold a user name or a password.")
        if not parts.hostname:
            raise Forbidden("The address has no host.")
        self.check_host(parts.hostname, _port(parts))

    def check_host(self, host: str, port: int) -> None:
        """Refuse a literal internal address or its name, and what no host is called, without asking the network.

        Other names are judged when met.
        """
        host = _as_read(host)
        if _ends_in_number(host):
            self.check_address(host, port, host=host)
        elif not _is_name(host):
            raise Forbidden("No host is called so. Write a name such as shop.example, or an address in numbers.")
        elif host == _LOOPBACK_NAME or host.endswith(f".{_LOOPBACK_NAME}"):
            self.check_address("127.0.0.1", port, host=_LOOPBACK_NAME)

    def check_address(self, address: str, port: int, *, host: str) -> None:
        """Refuse an address that is not public, unless the list names it, its network or its host with this port."""
        try:
            ip = _unmapped(ipaddress.ip_address(address.split("%")[0]))
        except ValueError:
            raise Forbidden("Write a numeric address in full, such as 192.0.2.10.") from None
        if ip in _METADATA or _stood_in_for(ip) & _METADATA or ip.is_multicast or ip.is_unspecified:
            raise Forbidden("This address is never allowed.")
        if (host.lower(), port) in self.targets or (str(ip), port) in self.targets:
            return
        if _is_in(ip, self.networks):
            return
        if not ip.is_global or _is_in(ip, _STAND_INS + _NOT_PUBLIC):
            raise Forbidden(
                "This address is inside a private network. Add it to PROBE_ALLOWED_INTERNAL as host:port to allow it."
            )


def _port(parts: SplitResult) -> int:
    try:
        port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise Forbidden("The port must be a number from 1 to 65535.")
    return port


def _is_name(host: str) -> bool:
    """Whether a resolver could know it: labels of 1 to 63 signs, letters of other scripts as they are encoded."""
    if host.isascii():
        return _NAME.fullmatch(host) is not None
    try:
        return _NAME.fullmatch(host.encode("idna").decode()) is not None
    except UnicodeError:
        return False


def _is_in(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip in network for network in networks if network.version == ip.version)


def _stood_in_for(ip: Address) -> set[Address]:
    """The IPv4 addresses that a gateway could read in an IPv6 one: its end, or what follows 2002 in 6to4."""
    if not _is_in(ip, _STAND_INS):
        return set()
    return {ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF), ipaddress.IPv4Address(int(ip) >> 80 & 0xFFFFFFFF)}


def _ends_in_number(host: str) -> bool:
    """True for what some resolver reads as an address and not as a name: 127.0.0.1, 127.1, 0x7f000001, [::1]."""
    return ":" in host or _NUMBER_AT_END.search(host) is not None


def _as_read(host: str) -> str:
    """The host as clients read it: wide digits are digits, the ideographic full stop is a dot, case is nothing."""
    return unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().rstrip(".")


def _unmapped(ip: Address) -> Address:
    """The IPv4 address inside an IPv6 one, so that ::ffff:10.0.0.1 is judged as 10.0.0.1."""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return ip.ipv4_mapped
    return ip
