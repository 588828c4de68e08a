"""A database as the migrations leave it, made once and copied: running them costs as much as a hundred small tests.

It lies in the temporary folder. bin/test brings a new one, so that it always begins with the migrations themselves;
without bin/test the next session finds it for an hour, while no migration and nothing that they read has changed.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg

from opsportal import launch
from opsportal.data_folder import LOCK
from opsportal.embedded import places, postgres
from opsportal.supervisor import Console, Supervisor

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
_DECIDE = (
    *("*/migrations/*.py", "opsportal/append_only.py", "incidents/runbooks/**/*.md"),
    *("requirements.txt", "tests/migrated.py"),
)
_STEPS = (("migrate", "--no-input", "--verbosity", "0"), ("createcachetable", "--verbosity", "0"))
_GOOD_FOR = 3600  # seconds: what migrations write says when it was written


def make_templates() -> None:
    """Both of them, before anybody asks: bin/test does other things meanwhile."""
    for name, make in ((_cluster_name(), _make_cluster), (_static_name(), _make_static)):
        with _template(name, make):
            pass


def lay_cluster(data_dir: Path) -> None:
    """A migrated cluster where a server of this folder looks for its own."""
    with _template(_cluster_name(), _make_cluster) as template:
        _copy(template, postgres.cluster_place(data_dir, places.server_account()))


def lay_data_folder(data_dir: Path) -> None:
    """The folder of a portal that was installed and has not been used: its first start is a second one."""
    data_dir.mkdir(mode=0o700)
    (data_dir / LOCK).touch(mode=0o600)
    lay_cluster(data_dir)
    with _template(_static_name(), _make_static) as template:
        for name in ("static", launch.STATIC_STAMP):
            _copy(template / name, data_dir / name)


@contextmanager
def _template(name: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """A folder of ours by its name, for one process at a time: the others wait for what the first one makes.

    Another checkout makes and copies its own meanwhile.
    """
    folder = Path(tempfile.gettempdir()) / f"opsportal-migrated-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.lstat().st_uid == os.geteuid() and not folder.is_symlink(), f"{folder} is not ours"
    template = folder / name
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _age(template) > _GOOD_FOR:
            for old in folder.glob("*-*"):  # nobody has begun to copy these for an hour
                if _age(old) > 2 * _GOOD_FOR and old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(template, ignore_errors=True)
            make(template)
        yield template


def _age(template: Path) -> float:
    return time.time() - template.stat().st_mtime if template.exists() else float("inf")


def _static_name() -> str:
    return f"static-{launch.static_digest()}"


def _cluster_name() -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _DECIDE for path in ROOT.glob(pattern)}):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return f"cluster-{digest.hexdigest()[:16]}"


def _copy(template: Path, target: Path) -> None:
    """With its owner: for root the server has a user of its own."""
    subprocess.run(["cp", "-pR", template, target], check=True)


def _empty(template: Path) -> Path:
    """Where it is made, so that one that was killed half way is never taken for a whole one."""
    fresh = template.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    return fresh


def _make_cluster(template: Path) -> None:
    parent = Path(tempfile.mkdtemp(prefix="opsportal-migrated-"))
    parent.chmod(0o711)
    data_dir = parent / "data"
    data_dir.mkdir(mode=0o700)
    said = StringIO()
    supervisor = Supervisor(Console(said))
    server = postgres.prepare(data_dir, QUICK)
    try:
        supervisor.start(server.child())
        assert supervisor.wait_until(server.is_ready, within=120), said.getvalue()
        server.create_roles()
        for step in _STEPS:
            _manage(*step, url=server.url(), data_dir=data_dir, owner=server.url(postgres.OWNER))
        with psycopg.connect(server.url(postgres.OWNER)) as connection:
            connection.execute("DELETE FROM opsportal_keyproof")  # each copy has a key of its own
        supervisor.stop([["postgres"]])
        fresh = _empty(template)
        _copy(server.cluster, fresh)
        os.utime(fresh)
        fresh.rename(template)
    finally:
        supervisor.stop([["postgres"]])
        postgres.discard(data_dir)
        shutil.rmtree(parent)


def _make_static(template: Path) -> None:
    fresh = _empty(template)
    fresh.mkdir()
    _manage("collectstatic", "--no-input", "--verbosity", "0", data_dir=fresh, url="postgresql://nobody@/nowhere")
    (fresh / launch.STATIC_STAMP).write_text(launch.static_digest())
    fresh.rename(template)


def _manage(*command: str, data_dir: Path, url: str, owner: str = "") -> None:
    environment = {
        "DATABASE_URL": url,
        "DATABASE_MIGRATE_URL": owner or url,
        "REDIS_URL": "redis://localhost:1",
        "SECRET_KEY": "only-for-making-templates-of-the-tests-" * 2,
        "OPSPORTAL_DATA_DIR": str(data_dir),
    }
    subprocess.run([sys.executable, "manage.py", *command], env=os.environ | environment, cwd=ROOT, check=True)


if __name__ == "__main__":
    make_templates()
