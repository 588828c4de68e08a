"""The guard for every address given by a user: http or https only, and only public addresses unless listed.

Pure: no Django, so that probes can use it. The address that was checked is the one that is connected to.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# Cloud metadata services: never, not even by the list.
_METADATA = {ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")}
_DEFAULT_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):  # noqa: N818 - it is a refusal
    """The guard said no; the text is fit for the person who typed the address."""


@dataclass(frozen=True)
class Guard:
    """What may be reached. `allowed` holds networks (10.0.0.0/8) and single targets (host:port)."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
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
        try:
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
        except ValueError:
            raise Forbidden("The port must be a number from 1 to 65535.") from None
        try:
            literal = ipaddress.ip_address(parts.hostname)
        except ValueError:
            if parts.hostname.lower() == "localhost":
                self.check_address("127.0.0.1", port, host="localhost")
            return
        self.check_address(str(literal), port, host=parts.hostname)

    def check_address(self, address: str, port: int, *, host: str) -> None:
        """Refuse an address that is not public, unless the list names it, its network or its host with this port."""
        ip = _unmapped(ipaddress.ip_address(address.split("%")[0]))
        if ip in _METADATA or ip.is_multicast or ip.is_unspecified:
            raise Forbidden("This address is never allowed.")
        if (host.lower(), port) in self.targets or (str(ip), port) in self.targets:
            return
        if any(ip in network for network in self.networks if network.version == ip.version):
            return
        if not ip.is_global or ip in ipaddress.ip_network("64:ff9b::/96"):
            raise Forbidden(
                "This address is inside a private network. Add it to PROBE_ALLOWED_INTERNAL as host:port to allow it."
            )


def _unmapped(ip: Address) -> Address:
    """The IPv4 address inside an IPv6 one, so that ::ffff:10.0.0.1 is judged as 10.0.0.1."""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return ip.ipv4_mapped
    return ip
