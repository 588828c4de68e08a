"""Whole portals as real processes: what bin/up runs, on a free port with a folder of its own."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsportal import data_folder
from opsportal.embedded import postgres, redis
from opsportal.processes import Child, birth, signal_group, spawn
from tests.migrated import lay_data_folder

ROOT = Path(__file__).resolve().parent.parent
_DECIDED_BY_LAUNCH = (
    *("DATABASE_URL", "DATABASE_MIGRATE_URL", "POSTGRES_DSN_PROD", "REDIS_URL", "SECRET_KEY", "BASE_URL"),
    *("OPSPORTAL_DATA_DIR", "OPSPORTAL_INTERNAL_URL", "OPSPORTAL_DB_POOL", "OPSPORTAL_CALLED_FROM"),
    "OPSPORTAL_DECIDED",
    *("ENVIRONMENT", "LAUNCH_MODE", "ALLOWED_HOSTS", "PYTEST_CURRENT_TEST"),
)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**extra: str) -> dict[str, str]:
    """An operator's shell in which nothing of ours is set."""
    return {name: value for name, value in os.environ.items() if name not in _DECIDED_BY_LAUNCH} | extra


def run_python(
    *words: str | Path, environment: dict[str, str], stdin: str = "", timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """A program of ours in an operator's shell, to its end."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=clean_environment(**environment),
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def new_data_dir(name: str = "data") -> Path:
    """A folder that the servers' own user can reach when the tests run as root."""
    parent = Path(tempfile.mkdtemp(prefix="opsportal-portal-"))
    parent.chmod(0o711)
    return parent / name


def remove_data_dir(data_dir: Path) -> None:
    """The folder, and what had to lie outside of it."""
    postgres.discard(data_dir)
    redis.discard(data_dir)
    shutil.rmtree(data_dir.parent, ignore_errors=True)


@dataclass
class Portal:
    """A running `bin/up`, seen from outside."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    python: tuple[str, ...] = (sys.executable,)
    user: int | None = None
    has_admin: bool = False
    """Whether a test has used the printed link, which works once."""
    from_nothing: bool = False
    """Whether it makes its own database; other portals find it made."""

    @property
    def url(self) -> str:
        """The address as a person types it; cookies and passkeys belong to this name."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    @property
    def setup_link(self) -> str:
        """The link for the first admin, as printed."""
        found = re.search(r"First admin: open (\S+)", self.log)
        assert found, self.log
        return found[1]

    def start(self) -> "Portal":
        """Start it and wait until it says that it is ready: twenty seconds, and minutes beside busy neighbours."""
        self.begin()
        self.wait_for_line(r"^Ready: ", within=300)
        return self

    def begin(self) -> None:
        if not (self.from_nothing or self.user or self.data_dir.exists() or "DATABASE_URL" in self.environment):
            lay_data_folder(self.data_dir)
        argv = (*self.python, "-m", "opsportal.launch", "--port", str(self.port), "--data-dir", str(self.data_dir))
        env = clean_environment(**self.environment)
        self.lines.clear()
        self.process = spawn(
            Child("launch", (*argv, *self.arguments), env=env, cwd=str(ROOT), user=self.user, group=self.user)
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for raw in process.stdout:
            self.lines.append(raw.decode(errors="replace").rstrip())

    def wait_for_line(self, pattern: str, *, within: float = 30) -> str:
        """The first line that matches; the whole log when none came."""
        limit = time.monotonic() + within
        while time.monotonic() < limit:
            for line in list(self.lines):
                if re.search(pattern, line):
                    return line
            assert self.supervisor.poll() is None, f"it ended with {self.supervisor.returncode}:\n{self.log}"
            time.sleep(0.05)
        raise AssertionError(f"no line matches {pattern!r} within {within:g} s:\n{self.log}")

    def status_of(self, path: str) -> int:
        """The HTTP status of a path; 0 when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """It runs and says that it can work."""
        return self.process is not None and self.process.poll() is None and self.status_of("/health/ready") == 200

    def manage(self, *command: str, stdin: str = "", timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """What bin/manage answers beside this portal."""
        words = ("-m", "opsportal.running", "--data-dir", str(self.data_dir), *command)
        return run_python(*words, environment=self.environment, stdin=stdin, timeout=timeout)

    def login_link(self, name: str) -> str:
        """A way in for somebody, as an operator would make it."""
        answer = self.manage("login_link", "--user", name)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.split()[-1]

    def published(self) -> dict[str, str]:
        """What it tells bin/manage: the names it decided."""
        running = data_folder.running(self.data_dir)
        assert running is not None
        return running.environment

    def database_url(self) -> str:
        """The application's address, for a test that looks at rows."""
        return self.published()["DATABASE_URL"]

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The process that bin/up became."""
        assert self.process is not None, "it was not started"
        return self.process

    def children(self) -> dict[str, int]:
        """The numbers of its processes, by name."""
        rows = json.loads((self.data_dir / "children.json").read_text())
        return {row["name"]: row["pid"] for row in rows}

    def stop(self, within: float = 30) -> int:
        """Ask it to end, as Ctrl-C would; its exit code."""
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGINT)
        return self.supervisor.wait(timeout=within)

    def kill_everything(self) -> None:
        """What a power cut does, as far as processes go: nobody gets to say goodbye."""
        victims = list(descendants(self.supervisor.pid))
        self.supervisor.send_signal(signal.SIGSTOP)  # it must not restart one while the others die
        for pid in victims:
            signal_one(pid, signal.SIGKILL)
        self.supervisor.kill()
        self.supervisor.wait()
        wait_gone(victims)


def descendants(pid: int) -> Iterator[int]:
    """All processes below one, as /proc tells; one that ends while we look has none."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return
    for thread in threads:
        try:
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, children):
            yield child
            yield from descendants(child)


def signal_one(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_gone(pids: list[int], within: float = 30) -> None:
    """Until none of them lives."""
    limit = time.monotonic() + within
    while alive := [pid for pid in pids if birth(pid)]:
        assert time.monotonic() < limit, f"still alive: {alive}"
        time.sleep(0.05)


@pytest.fixture
def fresh_portal() -> Iterator[Callable[..., Portal]]:
    """Makes portals of a test's own, each with an empty folder; they are gone after it.

    `fresh_portal()` is started and ready; `fresh_portal(start=False)` waits for `.start()` or `.begin()`, and
    `fresh_portal(from_nothing=True)` gets no database from us.
    """
    made: list[Portal] = []

    def make(
        *arguments: str,
        start: bool = True,
        from_nothing: bool = False,
        data_dir: Path | None = None,
        **environment: str,
    ) -> Portal:
        portal = Portal(data_dir or new_data_dir(), arguments=arguments, environment=environment)
        portal.from_nothing = from_nothing
        made.append(portal)
        return portal.start() if start else portal

    yield make
    for portal in made:
        end(portal)


_KEPT: dict[str, Portal] = {}
"""Portals that are handed from test to test, by what they are for: a start costs as much as a hundred small tests."""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last test that works with whole portals they end: an idle one takes a third of a core from the rest."""
    if nextitem is None or not nextitem.get_closest_marker("serial"):
        end_kept()


def pytest_sessionfinish() -> None:
    """Also after Ctrl-C."""
    end_kept()


def end_kept() -> None:
    """No portal outlives the tests that it is for."""
    while _KEPT:
        end(_KEPT.popitem()[1])


def kept(name: str, *arguments: str) -> Portal:
    """The portal of this name as the tests before left it; a new one when it is not ready."""
    if name in _KEPT and not _KEPT[name].is_ready():
        end(_KEPT.pop(name))
    if name not in _KEPT:
        _KEPT[name] = Portal(new_data_dir(), arguments=arguments)
        _KEPT[name].start()
    return _KEPT[name]


@pytest.fixture
def lived_in_portal() -> Portal:
    """A portal with no settings of its own and what other tests left in it, for tests that need a whole one and no new
    one. They may hurt it and bring it back.
    """
    return kept("lived in")


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """One portal with demo data for all tests of a file that only look."""
    yield kept("demo", "--demo")
    if "demo" in _KEPT:  # after Ctrl-C it has ended
        end(_KEPT.pop("demo"))


def end(portal: Portal) -> None:
    """Stop it and remove what it kept."""
    if portal.process is not None:
        try:
            portal.stop()
        except subprocess.TimeoutExpired:
            portal.kill_everything()
        signal_group(portal.process.pid, signal.SIGKILL)
    remove_data_dir(portal.data_dir)
