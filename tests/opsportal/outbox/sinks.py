"""Receivers that take, refuse, hang and drip: a mail server, a raw web server, a small GitHub."""

import json
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class MailSink:
    """An SMTP server on this machine; `mood` is take, unknown, later, reject, hang, drip or drop."""

    mood: str = "take"
    mails: list[str] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    # Called when a mail is here, before the sender hears that it was taken.
    strike: Callable[[], object] = bool
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
            sink.arrived.append(time.monotonic())
            sink.strike()
            if sink.mood == "drop":
                # A close alone waits for the files made of it, and the sender for its own patience to end.
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.say("554 no" if sink.mood == "reject" else "250 taken")

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


@dataclass(frozen=True)
class Arrival:
    """One message that came: to which receiver, under which key, when."""

    place: str
    key: str
    at: float
    message_id: str = ""


@dataclass
class Crowd:
    """Any number of web receivers behind one port, told apart by their paths, and a mail server."""

    url: str
    mail: MailSink
    strike: Callable[[], object] = bool
    came: list[Arrival] = field(default_factory=list)

    def arrivals(self) -> list[Arrival]:
        """All of them in the order of time; a mail's key is its Message-ID."""
        ids = self.mail.headers("Message-ID")
        mails = [Arrival("mail", key, at) for key, at in zip(ids, self.mail.arrived, strict=True)]
        return sorted([*self.came, *mails], key=lambda one: one.at)


@contextmanager
def crowd() -> Iterator[Crowd]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key, message_id = self.headers["Idempotency-Key"], self.headers.get("webhook-id", "")
            found.came.append(Arrival(self.path.strip("/"), key, time.monotonic(), message_id))
            found.strike()
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests read the arrivals."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with mail_sink() as mail:
        found = Crowd(f"http://127.0.0.1:{server.server_address[1]}/", mail)
        try:
            yield found
        finally:
            server.shutdown()
            server.server_close()


@dataclass
class GitHub:
    """As much of it as issues need: tokens, budgets, repositories that moved, issues that were deleted."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    token: str = "t0ken"
    repository: str = "shop/ops"
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    # Opens the issue, and hangs up before it says so.
    hangs_up: bool = False
    url: str = ""

    @property
    def writes(self) -> list[str]:
        return [method for method, _ in self.asked if method != "GET"]

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What the REST API of 2022-11-28 says."""
        if self.status:
            return self.status, {"message": "no"}
        if token != f"Bearer {self.token}":
            return 401, {"message": "Bad credentials"}
        place, _, query = path.partition("?")
        if not place.startswith(f"/repos/{self.repository}/issues"):
            return 404, {"message": "Not Found"}
        time.sleep(self.latency)
        if method == "GET":
            page = int(re.search(r"\bpage=(\d+)", query)[1])  # type: ignore[index]
            newest = sorted(self.issues, key=lambda one: -int(one["touched"]))
            return 200, [one for one in newest if one["state"] != "deleted"][100 * (page - 1) : 100 * page]
        if method == "POST":
            self.issues.append({"number": len(self.issues) + 1, "state": "open", **body, "labels": []})
            self._touch(self.issues[-1])
            return 201, self.issues[-1]
        number = int(place.rsplit("/", 1)[1])
        if number > len(self.issues) or self.issues[number - 1]["state"] == "deleted":
            return 410, {"message": "This issue was deleted"}
        self.issues[number - 1].update(body)
        self._touch(self.issues[number - 1])
        return 200, self.issues[number - 1]

    def _touch(self, issue: dict[str, Any]) -> None:
        issue["touched"] = 1 + max((int(one.get("touched", 0)) for one in self.issues), default=0)


@contextmanager
def github() -> Iterator[GitHub]:
    hub = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            hub.asked.append((self.command, self.path))
            status, answer = hub.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            if hub.hangs_up and self.command == "POST":
                self.connection.close()
                return
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **hub.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `asked`."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Callers that hang up, and answers that are cut off, are part of the tests."""
