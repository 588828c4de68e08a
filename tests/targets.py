"""A real HTTP server that a test makes healthy, slow, broken or absent, and that remembers who called."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpTarget:
    """Change the fields at any time; `stop` closes the port and `start` opens the same one again."""

    status: int = 200
    latency: float = 0.0
    held: threading.Event | None = None
    """Nobody is answered before it is set: slow for as long as a test wants, and not by the clock."""
    body: bytes = b"ok"
    content_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        assert self._server is None, "it already runs"
        self._server = _Server(("127.0.0.1", self.port), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> "HttpTarget":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for_requests(self, count: int, within: float = 60.0) -> list[Received]:
        """The requests so far, once there are as many."""
        limit = time.monotonic() + within
        while len(self.requests) < count and time.monotonic() < limit:
            time.sleep(0.02)
        assert len(self.requests) >= count, f"{len(self.requests)} of {count} requests came within {within:g} s"
        return self.requests

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                received = Received(self.command, self.path, dict(self.headers), self.rfile.read(length))
                target.requests.append(received)
                time.sleep(target.latency)
                if target.held:
                    target.held.wait(60)
                self.send_response(target.status)
                answer_headers = {"Content-Type": target.content_type, "Content-Length": str(len(target.body))}
                for name, value in (answer_headers | target.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(target.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Tests read `requests` instead."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up is what timeouts look like from here."""


@pytest.fixture
def http_target() -> Iterator[HttpTarget]:
    """A server that checks can watch."""
    with HttpTarget() as target:
        yield target


@pytest.fixture
def sink() -> Iterator[HttpTarget]:
    """A server that messages can be sent to; read `sink.requests`."""
    with HttpTarget() as target:
        yield target
