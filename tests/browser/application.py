"""The application on a port of the test's own, and a way in that needs no form."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from opsportal.models import User
from opsportal.responder import App
from tests.conftest import signed_in


class Hands:
    """As many threads as are needed at once, kept for the next requests, as in production.

    Each has a connection to the database. To open one for each request takes longer than most answers.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle = Semaphore(0)

    def give(self, work: Callable[[], None]) -> None:
        self._work.put(work)
        if not self._idle.acquire(blocking=False):
            Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self._work.get()()
            self._idle.release()


_HANDS = Hands()


class Server(WSGIServer):
    """The application on a port, one connection a request: stopping it is what a visitor notices at once."""

    allow_reuse_address = True

    def process_request(self, request: Any, client_address: Any) -> None:
        _HANDS.give(lambda: self._answer(request, client_address))

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:  # noqa: BLE001 - as socketserver does
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests say what went wrong."""


def serve(app: App | None = None, port: int = 0) -> Server:
    """Answer from now on."""
    server = make_server("localhost", port, app or whole(), server_class=Server, handler_class=Quiet)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def whole() -> App:
    """Django with its static files."""
    return StaticFilesHandler(get_wsgi_application())


def enter(page: Page, server: Server | LiveServer, user: User, path: str = "/more/") -> None:
    """Open a page as somebody who has just signed in."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": signed_in(user).cookies[name].value, "url": server.url}])
    page.goto(server.url + path)
