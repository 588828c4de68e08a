"""Receivers that take, refuse, hang and drip: a mail server, a raw web server, a small GitHub."""

import json
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class MailSink:
    """An SMTP server on this machine; `mood` is take, unknown, later, hang, drip, drop or silent."""

    mood: str = "take"
    mails: list[str] = field(default_factory=list)
    port: int = 0

    def headers(self, name: str) -> list[str]:
        """The values of a header, mail by mail."""
        return [found[1] for mail in self.mails if (found := re.search(rf"(?m)^{name}: (.*)$", mail))]


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    sink = MailSink()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            try:
                self._talk()
            except OSError:
                return

        def _talk(self) -> None:
            if sink.mood == "hang":
                time.sleep(30)
                return
            if sink.mood == "drip":
                for letter in "220 " + "x" * 600:
                    self.wfile.write(letter.encode())
                    time.sleep(0.2)
                return
            self.say("220 sink")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "RCPT" and sink.mood in ("unknown", "later"):
                    self.say("550 nobody" if sink.mood == "unknown" else "451 later")
                elif word == "DATA":
                    self.say("354 go on")
                    self._take()
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

        def _take(self) -> None:
            lines = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            sink.mails.append("\n".join(lines))
            if sink.mood == "drop":
                self.connection.close()
                return
            self.say("250 taken")

    with serving(Handler) as port:
        sink.port = port
        yield sink


@contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: Any) -> None:
            """Callers that hang up are part of the tests."""

    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def raw_server(*pieces: bytes, pause: float = 0.0) -> Iterator[str]:
    """Answers every caller with these pieces, one pause apart; its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(65536)
                for piece in pieces:
                    self.request.sendall(piece)
                    time.sleep(pause)
            except OSError:
                return

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/"


@dataclass
class GitHub:
    """As much of it as issues need."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""


@contextmanager
def github() -> Iterator[GitHub]:
    hub = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            hub.asked.append((self.command, self.path))
            hub.tokens.add(self.headers.get("Authorization", ""))
            status, answer = self._act(body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _act(self, body: dict[str, Any]) -> tuple[int, Any]:
            if self.command == "GET":
                return 200, hub.issues
            if self.command == "POST":
                hub.issues.append({"number": len(hub.issues) + 1, "state": "open", **body})
                return 201, hub.issues[-1]
            issue = hub.issues[int(self.path.rsplit("/", 1)[1]) - 1]
            issue.update(body)
            return 200, issue

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
