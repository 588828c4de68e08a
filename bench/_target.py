"""A server on this machine that costs almost nothing: many ports, one answer, connections kept or not."""

import asyncio
import os
import socket
import sys
from typing import cast

import uvloop

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n%s\r\n{"status":"ok"}'
_KEPT, _CLOSED = _ANSWER % b"", _ANSWER % b"Connection: close\r\n"


class Target(asyncio.Protocol):
    """Answers each request when its last header has come; requests have no bodies."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiting = cast(asyncio.Transport, transport), b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[:end].lower(), self.waiting[end + 4 :]
            is_last = b"connection: close" in head
            self.transport.write(_CLOSED if is_last else _KEPT)
            if is_last:
                self.transport.close()


async def serve(ports: int) -> None:
    """Say the ports on one line, then answer until standard input ends."""
    loop = asyncio.get_running_loop()
    sockets = [socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in range(ports)]
    servers = [await loop.create_server(Target, sock=one) for one in sockets]
    print(*[one.getsockname()[1] for one in sockets], flush=True)
    await loop.run_in_executor(None, os.read, sys.stdin.fileno(), 1)
    for server in servers:
        server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
