"""What bin/up runs: looks at the machine, starts the servers, prepares the database, and keeps the portal up.

Only the standard library is imported at the top, so that --help works before anything is installed.
"""

import argparse
import errno
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from opsportal import data_folder
from opsportal.data_folder import MEGABYTE, DataFolder, Runtime
from opsportal.embedded import postgres, redis
from opsportal.embedded.places import Unusable, remove_socket_folder
from opsportal.processes import Child, write_privately
from opsportal.supervisor import Console, Stopped, Supervisor, end_orphans

ROOT = Path(__file__).resolve().parent.parent
STOP_ORDER = (("web",), ("worker", "worker-slow", "worker-default"), ("redis",), ("postgres",))
# Advice of the libraries about what was chosen on purpose, or about a key that nobody pressed.
NOISE = re.compile(r"Configuration allows spawning up to|Hitting Ctrl\+C again will")
# What we decide where the operator said nothing; production wants the operator's own (env.missing_names).
MADE_UP = ("DATABASE_URL", "REDIS_URL", "BASE_URL", "SECRET_KEY")
STATIC_STAMP = "static.stamp"
NAMES = ("postgres", "redis", "web", "worker", "worker-slow", "worker-default")


@dataclass(frozen=True)
class Options:
    """The words behind bin/up."""

    port: int
    host: str
    data_dir: Path
    demo: bool
    workers: int

    @property
    def internal_url(self) -> str:
        """How the portal reaches itself, whatever names the outside uses."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; a relative data folder counts from where bin/up was called."""
    parser = argparse.ArgumentParser(prog="bin/up", description="Start Opsportal and keep it running until Ctrl-C.")
    parser.add_argument("--port", type=_port, default=8000, help="port of the web server (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument(
        "--data-dir", type=Path, help="folder for everything it keeps (default ./var of the repository)"
    )
    parser.add_argument("--demo", action="store_true", help="load twelve believable weeks and one user per role")
    parser.add_argument("--workers", type=_at_least_one, default=2, metavar="N", help="worker processes (default 2)")
    words = parser.parse_args(arguments)
    called_from = Path(os.environ.get("OPSPORTAL_CALLED_FROM") or Path.cwd())
    chosen = words.data_dir or (
        Path(os.environ["OPSPORTAL_DATA_DIR"]) if os.environ.get("OPSPORTAL_DATA_DIR") else None
    )
    data_dir = (called_from / chosen).resolve() if chosen else ROOT / "var"
    return Options(port=words.port, host=words.host, data_dir=data_dir, demo=words.demo, workers=words.workers)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1 is needed")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run the portal until it is told to stop; the exit code."""
    options = parse(arguments)
    portal = Portal(options)
    portal.listen_for_signals()
    try:
        return portal.run()
    except Unusable as reason:
        sys.stderr.write(f"{reason}\n")
    except OSError as problem:
        sys.stderr.write(f"{problem.filename or 'The start failed'}: {problem.strerror or problem}\n")
    return 1


def refuse_port(host: str, port: int) -> None:
    """Raise Unusable when the address cannot be ours.

    Two Granians would share one port without a word (SO_REUSEPORT), so the port is tried without it first.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a past run may still linger
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise Unusable(f"{host} is not an address of this machine: choose another with --host.") from None
    except OSError as problem:
        raise Unusable(_port_sentence(problem, host, port)) from None


def _port_sentence(problem: OSError, host: str, port: int) -> str:
    match problem.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is already in use: stop the program there, or choose another with --port."
        case errno.EACCES | errno.EPERM:
            return f"Port {port} may not be opened by this user: choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine: choose another with --host."
        case _:
            return f"Port {port} on {host} cannot be opened ({problem.strerror}): choose another with --port."


def refuse_posture(options: Options) -> None:
    """Production never starts half configured, with embedded servers, or with invented data. Names only."""
    from opsportal import env

    if not env.posture().is_production:
        return
    if options.demo:
        raise Unusable("--demo is refused in production posture (ENVIRONMENT=production or LAUNCH_MODE=true).")
    try:
        env.refuse_weak_production()
    except SystemExit as refusal:
        raise Unusable(str(refusal)) from None


def refuse_values() -> None:
    """A value that no program could read is refused by its name; nothing of its text is repeated."""
    from opsportal import env

    env.refuse_bad_values()


class Portal:
    """One run of bin/up, from the first look at the machine to the last process ended."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.console = Console(sys.stdout, NAMES)
        self.supervisor = Supervisor(self.console)
        self.postgres: postgres.Postgres | None = None
        self.redis: redis.Redis | None = None
        self.environment: dict[str, str] = {}

    def listen_for_signals(self) -> None:
        """Ctrl-C, TERM and a closed terminal end it cleanly; one that was started by nohup stays."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if not (number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.supervisor.stopping = True

    def run(self) -> int:
        """Check everything first, start nothing before; then start, keep up, and end in order."""
        refuse_posture(self.options)
        refuse_values()
        refuse_port(self.options.host, self.options.port)
        least_free = int(os.environ.get("OPSPORTAL_MIN_FREE_MB", "").strip() or 200) * MEGABYTE
        folder = data_folder.take(self.options.data_dir, least_free=least_free)
        folder.note_port(self.options.port)
        end_orphans(folder.children)
        self.supervisor.record = folder.children
        try:
            self._start(folder)
            self.supervisor.run()
        except Stopped:
            self.console.say("Stopped while starting.")
        finally:
            self._stop(folder)
        return 0

    def _start(self, folder: DataFolder) -> None:
        self.console.say(f"Opsportal starts at {self._base_url()} with its data in {folder.path}")
        self._start_servers(folder)
        self.environment = self._environment(folder)
        data_folder.publish(folder, Runtime(self._for_manage(), self.options.port))
        self._prepare(folder)
        for child in self._portal_children():
            self.supervisor.start(child)
        self._announce()

    def _start_servers(self, folder: DataFolder) -> None:
        """The embedded ones, for each address that is not set."""
        if not (os.environ.get("DATABASE_URL") or os.environ.get("POSTGRES_DSN_PROD")):
            self.postgres = postgres.prepare(folder.path)
            if not self.postgres.cluster.is_relative_to(folder.path):
                self.console.say(
                    f"PostgreSQL's own user cannot reach that folder: its files are in {self.postgres.cluster}"
                )
            self._start_server(self.postgres.child(), self.postgres)
            self.postgres.create_roles()
        if not os.environ.get("REDIS_URL"):
            self.redis = redis.prepare(folder.path)
            self._start_server(self.redis.child(), self.redis)

    def _start_server(self, child: Child, server: postgres.Postgres | redis.Redis) -> None:
        self.supervisor.start(child)
        if not self.supervisor.wait_until(server.is_ready, within=30):
            raise Unusable(f"{child.name} did not answer within 30 s; its last lines above say why.")

    def _base_url(self) -> str:
        return os.environ.get("BASE_URL") or f"http://localhost:{self.options.port}"

    def _for_manage(self) -> dict[str, str]:
        """What we decided; what the operator set in the environment is not ours to write down."""
        names = ("DATABASE_URL", "DATABASE_MIGRATE_URL", "REDIS_URL", "BASE_URL", "OPSPORTAL_INTERNAL_URL")
        return {name: self.environment[name] for name in names if not os.environ.get(name) and name in self.environment}

    def _environment(self, folder: DataFolder) -> dict[str, str]:
        """The environment of all children."""
        values = dict(os.environ)
        if self.postgres:
            values["DATABASE_URL"] = self.postgres.url()
            values["DATABASE_MIGRATE_URL"] = self.postgres.url(postgres.OWNER)
        if self.redis:
            values["REDIS_URL"] = self.redis.url()
        values["BASE_URL"] = self._base_url()
        values["OPSPORTAL_INTERNAL_URL"] = values.get("OPSPORTAL_INTERNAL_URL") or self.options.internal_url
        values["OPSPORTAL_DATA_DIR"] = str(folder.path)
        values["SECRET_KEY"] = values.get("SECRET_KEY") or folder.secret_key()
        decided = [name for name in MADE_UP if name in values and not os.environ.get(name)]
        values["OPSPORTAL_DECIDED"] = ",".join(decided)
        values["DJANGO_SETTINGS_MODULE"] = "opsportal.settings"
        values["PYTHONUNBUFFERED"] = "1"
        return values

    def _prepare(self, folder: DataFolder) -> None:
        """Bring database and static files up to this version; each step is safe to run again."""
        self.console.say("Preparing the database and the static files")
        steps = [("migrate", "--no-input", "--verbosity", "0"), ("createcachetable", "--verbosity", "0")]
        stamp, digest = folder.path / STATIC_STAMP, static_digest()
        if not stamp.exists() or stamp.read_text() != digest:
            steps.append(("collectstatic", "--no-input", "--verbosity", "0"))
        self._manage(*steps)
        write_privately(stamp, digest)
        if self.options.demo:
            self.console.say("Loading twelve weeks of demo data")
            self._manage(("load_demo",))

    def _manage(self, *commands: tuple[str, ...]) -> list[str]:
        """Run management commands side by side; the addresses they printed. Anything else they say is shown."""
        links: list[str] = []

        def keep(line: str) -> bool:
            if line.startswith("http"):
                links.append(line)
            return not line.startswith("http")

        steps = [self._python(command[0], (sys.executable, "manage.py", *command)) for command in commands]
        for name, code in self.supervisor.run_once(*(replace(step, keep_line=keep) for step in steps)).items():
            if code:
                raise Unusable(f"The step {name} failed (exit {code}); its lines above say why.")
        return links

    def _python(self, name: str, argv: tuple[str, ...], stop_within: float = 5.0, **more: str) -> Child:
        return Child(
            name=name,
            argv=argv,
            env={**self.environment, **more},
            cwd=str(ROOT),
            stop_within=stop_within,
            keep_line=lambda line: not NOISE.search(line),
        )

    def _portal_children(self) -> tuple[Child, ...]:
        """Web and workers. Together with both servers their longest ways to stop stay under 30 s."""
        return (
            self._web(),
            self._worker("worker", "checks", 1),
            self._worker("worker-slow", "checks_slow", 1, pool="threads"),  # its work waits for others: one process
            self._worker("worker-default", "default,celery", self.options.workers),
        )

    def _web(self) -> Child:
        """64 threads: so many slow uploads cannot starve the public page (docs/decisions/0004-serving.md)."""
        argv = (
            *(sys.executable, "-m", "granian", "opsportal.wsgi:application", "--interface", "wsgi"),
            *("--host", self.options.host, "--port", str(self.options.port)),
            *("--workers", "2", "--blocking-threads", "64", "--respawn-failed-workers", "--workers-kill-timeout", "15"),
            *("--no-access-log", "--no-ws", "--log-level", "warning"),
        )
        times = self._empty_folder_for_times()
        return self._python("web", argv, stop_within=15.5, OPSPORTAL_PROCESS="web", PROMETHEUS_MULTIPROC_DIR=str(times))

    def _empty_folder_for_times(self) -> Path:
        """Times are counted from this start on, as Prometheus expects of a program that was started again."""
        folder = self.options.data_dir / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def _worker(self, name: str, queues: str, processes: int, *, pool: str = "prefork") -> Child:
        """REMAP_SIGTERM: a long task is handed back after worker_soft_shutdown_timeout and does not hold the stop.

        When we are killed, Redis goes at the same moment, and a worker that says goodbye to it may wait for ever on a
        half-written answer of its own child (seen with billiard); killed it loses nothing, its tasks are given again.
        """
        # Celery warns of root because of pickled messages; ours are JSON.
        python = (sys.executable, "-W", "ignore:You're running the worker")
        argv = (
            *(*python, "-m", "celery", "--quiet", "-A", "opsportal.celery", "worker"),
            *("--queues", queues, "--pool", pool, "--concurrency", str(processes), "--hostname", f"{name}@%h"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
        )
        child = self._python(name, argv, stop_within=10.5, OPSPORTAL_PROCESS="worker", REMAP_SIGTERM="SIGQUIT")
        return replace(child, death_signal=signal.SIGKILL)

    def _announce(self) -> None:
        """Say where it is once it answers and readers have a page; the set-up link comes until there is an admin."""
        for link in self._manage(("setup_link",), ("statuspage_snapshot",)):
            self.console.say(f"First admin: open {link} (works once)")
        if not self.supervisor.wait_until(self._is_ready, within=60):
            self.console.say("The portal does not answer /health/ready yet; the lines above may say why.")
            self.supervisor.wait_until(self._is_ready, within=float("inf"))
        if self.options.demo:
            where = self.options.data_dir
            self.console.say(f"Sign in by: bin/manage --data-dir '{where}' login_link --user admin (or another role)")
        self.console.say(f"Ready: {self._base_url()} (Ctrl-C stops it)")

    def _is_ready(self) -> bool:
        """Asked like a browser would ask, by the name that the settings allow."""
        inside = urlsplit(self.environment["OPSPORTAL_INTERNAL_URL"])
        connection = http.client.HTTPConnection(inside.hostname or "", inside.port, timeout=2)
        try:
            connection.request("GET", "/health/ready", headers={"Host": urlsplit(self._base_url()).netloc})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop(self, folder: DataFolder) -> None:
        self.supervisor.stop(STOP_ORDER)
        data_folder.withdraw(folder)
        for server in (self.postgres, self.redis):
            if server:
                remove_socket_folder(server.sockets)
        self.console.say("Stopped.")


def static_digest() -> str:
    """Changes when a file below static/ or a library that brings its own does."""
    digest = hashlib.sha256()
    files = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    for path in (*files, ROOT / "requirements.txt", ROOT / "opsportal" / "assets.py"):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
