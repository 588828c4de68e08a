"""Which checks go out through our own network: while the canary fails and nobody answers, these cannot know."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

# They look at this machine, or wait to be told.
LOCAL_KINDS = frozenset({"portal", "env_contract", "heartbeat", "token_report", "drill"})
# They look at this machine unless they ask an address.
LOCAL_UNLESS_ASKING = frozenset({"backup_age", "restore_drill"})
# They ask an address, so that a canary would tell its silence from that of our own network.
OUTWARD_KINDS = frozenset({"http", "limit_guard", "prometheus", "json_metrics", "tcp", "tls", "dns"})
_VARIABLES = ("dsn_env", "url_env")


def goes_out(kind: str, spec: Mapping[str, Any], *, is_own: bool, variable: Callable[[str], str]) -> bool:
    """Whether silence may be our own network's fault; `variable` reads what an environment variable holds.

    >>> goes_out("http", {"url": "https://shop.example/"}, is_own=False, variable=str)
    True
    >>> goes_out("http", {"url": "portal:/health/live"}, is_own=False, variable=str)
    False
    >>> goes_out("redis", {"url_env": "CACHE"}, is_own=False, variable={"CACHE": "redis://127.0.0.1:6379/0"}.get)
    False
    """
    if is_own or kind in LOCAL_KINDS or (kind in LOCAL_UNLESS_ASKING and not spec.get("url")):
        return False
    addresses = [str(spec[name]) for name in ("url", "host") if spec.get(name)]
    addresses += [found for name in _VARIABLES if spec.get(name) and (found := variable(str(spec[name])))]
    return not (addresses and all(map(is_here, addresses)))


def is_here(address: str) -> bool:
    """Whether an address of whatever kind is this machine's own; one that cannot be read is not.

    >>> is_here("postgresql:///shop?host=/run/postgresql"), is_here("host=db.example dbname=shop")
    (True, False)
    """
    return address.startswith("portal:") or all(map(_is_this_machine, _hosts(address)))


def _hosts(address: str) -> list[str]:
    """The host, or those that a database may be at; an empty one is a socket of this machine."""
    scheme, colon, _ = address.partition("://")
    try:
        if scheme in ("postgres", "postgresql") or "=" in scheme:
            said = conninfo_to_dict(address)
            return str(said.get("hostaddr") or said.get("host") or "").split(",")
        if not colon:
            return [address]
        return [""] if scheme.endswith("socket") or scheme == "unix" else [urlsplit(address).hostname or "?"]
    except (ProgrammingError, ValueError):
        return ["?"]


def _is_this_machine(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
