"""The public page: how long a build takes, how much a reader loads, how many readers it bears.

The page is a busy one: 30 components with trouble in their 90 days, 100 past incidents. Requests are counted twice: in
the process, and through Granian with 50 connections (by wrk where it is installed, else by a small client that shares
the two cores with the server, so the number is a lower bound). Where wrk and nginx are installed, one nginx worker
serves the same bytes in the same run, in turns; wrk also holds 1,000 connections for a minute. Else the run says what
is missing.
"""

import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")

CONNECTIONS = 50
SECONDS = 5.0
MANY, MANY_SECONDS = 1_000, 60
TURNS = 3


def run() -> dict[str, float]:
    """Seconds, bytes over the wire (brotli), and requests a second."""
    import django

    django.setup()
    root = Path(tempfile.mkdtemp(prefix="opsportal-bench-"))
    try:
        return {**_built(root), **_answered(root), **_served(root)}
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _built(root: Path) -> dict[str, float]:
    from incidents.statuspage import rendering, snapshot, writer

    content, at, assets = busy_page(), datetime.now(UTC), rendering.assets()
    found: dict[str, float] = {}
    for name, minute in (("first", 0), ("next", 1)):
        moment = at + timedelta(minutes=minute)
        started = time.perf_counter()
        tree = snapshot.build(content, at=moment, render=rendering.render, assets=assets)
        built = time.perf_counter()
        with writer.exclusive(root):
            writer.write(root, tree, at=at)
        found |= {f"{name}_build_s": built - started, f"{name}_write_s": time.perf_counter() - built}
    first_view = ["status/index.html", *map(snapshot.file_of, (assets.css_address, assets.icon_address))]
    size = snapshot.sizes(tree, [*first_view, "api/v2/summary.json"])
    return found | {
        "page_bytes": size["status/index.html"],
        "first_view_bytes": sum(size[path] for path in first_view),
        "summary_json_bytes": size["api/v2/summary.json"],
        "files": len(tree),
    }


def _answered(root: Path) -> dict[str, float]:
    """Calls a second of the responder alone, one thread."""
    from opsportal.responder import SnapshotResponder

    site = SnapshotResponder(lambda *_: [], directory=root)
    tag = ""

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        nonlocal tag
        tag = dict(headers).get("ETag", tag)

    asked: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/status/", "HTTP_ACCEPT_ENCODING": "gzip, br"}
    started = time.perf_counter()
    site(asked, start)
    load_s = time.perf_counter() - started
    return {
        "load_s": load_s,
        "responder_200_per_s": _rate(lambda: site(asked, start)),
        "responder_304_per_s": _rate(lambda: site(asked | {"HTTP_IF_NONE_MATCH": tag}, start)),
    }


def _rate(call: Callable[[], object], seconds: float = 1.0) -> float:
    count, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        for _ in range(100):
            call()
        count += 100
    return count / passed


def _served(root: Path) -> dict[str, float]:
    """Requests a second through two Granian workers, as bin/up starts them, and beside one nginx worker."""
    missing = [name for name in ("wrk", "nginx") if not _program(name)]
    if missing:
        print(f"not installed: {', '.join(missing)}; no comparison with nginx in this run", file=sys.stderr)
    with _running(_granian(root)) as ours:
        if "wrk" in missing:
            return _own_client(ours)
        first = _asked(ours)
        found = {"wrk_requests_per_s": first["requests"], "errors": first["errors"]}
        if not missing:
            found |= _beside_nginx(root, ours)
        many = _asked(ours, connections=MANY, seconds=MANY_SECONDS)
        return found | {"many_requests_per_s": many["requests"], "many_errors": many["errors"]}


def _program(name: str) -> str | None:
    """Where it is; servers lie beside what ordinary people have on their way."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _granian(root: Path) -> Callable[[int], tuple[tuple[str, ...], dict[str, str]]]:
    def command(port: int) -> tuple[tuple[str, ...], dict[str, str]]:
        argv = (
            *(sys.executable, "-m", "granian", "bench._statuspage_app:application", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--blocking-threads", "64"),
            *("--no-access-log", "--no-ws", "--log-level", "warning"),
        )
        return argv, {"STATUSPAGE_BENCH_DIR": str(root)}

    return command


def _nginx(folder: Path) -> Callable[[int], tuple[tuple[str, ...], dict[str, str]]]:
    """One worker that serves the page's own file, as a static host would."""

    def command(port: int) -> tuple[tuple[str, ...], dict[str, str]]:
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 4096; }\n"
            "http { access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 1000000;\n"
            f"client_body_temp_path {folder}/t; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/t;\n"
            f"uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;\n"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; default_type text/html;\n"
            "location = /status/ { add_header Content-Encoding br; try_files /page =404; } } }\n"
        )
        return (str(_program("nginx")), "-c", str(config), "-p", str(folder)), {}

    return command


@contextmanager
def _running(command: Callable[[int], tuple[tuple[str, ...], dict[str, str]]]) -> Iterator[int]:
    """A server on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    argv, extra = command(port)
    server = subprocess.Popen(argv, env=os.environ | extra)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def _beside_nginx(root: Path, ours: int) -> dict[str, float]:
    """In turns, so that both have the same neighbours; the middle of the turns counts."""
    with tempfile.TemporaryDirectory(prefix="opsportal-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx started by root reads as somebody else
        (folder / "page").write_bytes((root / "current/status/index.html.br").read_bytes())
        with _running(_nginx(folder)) as theirs:
            turns = [(_asked(ours)["requests"], _asked(theirs)["requests"]) for _ in range(TURNS)]
    return {
        "nginx_requests_per_s": median(nginx for _, nginx in turns),
        "ratio_to_nginx": median(own / nginx for own, nginx in turns),
    }


def _asked(port: int, *, connections: int = CONNECTIONS, seconds: float = SECONDS) -> dict[str, float]:
    """What wrk counted."""
    argv = (
        *("wrk", "--threads", "2", "--connections", str(connections), "--duration", f"{seconds:g}s"),
        *("--timeout", "10s", "--header", "Accept-Encoding: br", f"http://127.0.0.1:{port}/status/"),
    )
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    return {"requests": float(rate[1]) if rate else 0.0, "errors": float(errors + (int(wrong[1]) if wrong else 0))}


def _wait(port: int) -> None:
    limit = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)
        else:
            return


def _own_client(port: int) -> dict[str, float]:
    """Fifty connections, one request under way on each; every answer is read whole."""
    request = b"GET /status/ HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n"
    ready = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        ready.register(connection, selectors.EVENT_READ, bytearray())
        connection.sendall(request)
    count = errors = 0
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < SECONDS:
        for key, _ in ready.select(timeout=1):
            received: bytearray = key.data
            received += key.fileobj.recv(65536)  # type: ignore[union-attr]
            if _is_whole(received):
                count, errors = count + 1, errors + (not received.startswith(b"HTTP/1.1 200"))
                received.clear()
                key.fileobj.sendall(request)  # type: ignore[union-attr]
    for key in list(ready.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return {"own_client_requests_per_s": count / passed, "errors": float(errors)}


def _is_whole(received: bytearray) -> bool:
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = re.search(rb"content-length: (\d+)", received[:head], re.IGNORECASE)
    return length is not None and len(received) >= head + 4 + int(length[1])


def busy_page() -> Any:
    """Plain values only: no database is needed to measure what needs none to serve."""
    from incidents.statuspage.content import Component, Content, Incident, Stretch, Update

    at = datetime.now(UTC)

    def ago(**span: float) -> datetime:
        return at - timedelta(**span)

    def stretches(number: int) -> tuple[Stretch, ...]:
        words = ("degraded_performance", "partial_outage", "major_outage", "under_maintenance")
        found, moment = [], ago(days=95)
        for turn in range(8):
            end = moment + timedelta(days=5 + (number * 7 + turn * 3) % 9)
            found += [
                Stretch("operational", moment, end),
                Stretch(words[(number + turn) % 4], end, end + timedelta(hours=2)),
            ]
            moment = end + timedelta(hours=2)
        return (*found, Stretch("operational", moment, None))

    components = tuple(
        Component(
            f"component{n:03}", f"Component {n}", f"What people do with part {n}", f"Group {n // 10}", "operational",
            at.date(), ago(days=200), ago(days=2), stretches(n),
        )
        for n in range(30)
    )  # fmt: skip
    incidents = tuple(
        Incident(
            n, f"incident{n:04}", f"Trouble with part {n}", "resolved" if n else "investigating", "major",
            ago(days=n), ago(days=n), None, ago(days=n - 0.1) if n else None, ("component001",),
            tuple(Update(f"update{n:03}{k:03}", "identified", f"Word {n}. " * 24, ago(days=n), None) for k in range(4)),
        )
        for n in range(100)
    )  # fmt: skip
    return Content("page00000001", "Harbour", "https://ops.example/status", "Etc/UTC", at, components, incidents)
