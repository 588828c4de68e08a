"""The application on a port of the test's own, and a way in that needs no form."""

from socketserver import ThreadingMixIn
from threading import Thread
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


class Server(ThreadingMixIn, WSGIServer):
    """The application on a port, one connection a request: stopping it is what a visitor notices at once."""

    daemon_threads = True
    allow_reuse_address = True

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
