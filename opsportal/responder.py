"""Answer the public page from files alone, ahead of Django: no database, no Redis, no session."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class SnapshotResponder:
    """WSGI wrapper that serves the newest snapshot's addresses and passes everything else on."""

    def __init__(self, app: App, *, directory: Path) -> None:
        self.app = app
        self.directory = directory

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)
