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
from collections.abc import Iterator
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


def lay_cluster(data_dir: Path) -> None:
    """A migrated cluster where a server of this folder looks for its own."""
    with _kept() as folder:
        template = folder / f"cluster-{_digest_of_migrations()}"
        _forget_old(folder, "cluster-*")
        if not template.exists():
            _make_cluster(template)
        _copy(template, postgres.cluster_place(data_dir, places.server_account()))


def lay_data_folder(data_dir: Path) -> None:
    """The folder of a portal that was installed and has not been used: its first start is a second one."""
    data_dir.mkdir(mode=0o700)
    (data_dir / LOCK).touch(mode=0o600)
    lay_cluster(data_dir)
    with _kept() as folder:
        template = folder / f"static-{launch.static_digest()}"
        if not template.exists():
            _forget_old(folder, "static-*")
            _make_static(template)
        for name in ("static", launch.STATIC_STAMP):
            _copy(template / name, data_dir / name)


@contextmanager
def _kept() -> Iterator[Path]:
    """Our folder of templates, for one process at a time: the others wait for what the first one makes."""
    folder = Path(tempfile.gettempdir()) / f"opsportal-migrated-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.lstat().st_uid == os.geteuid() and not folder.is_symlink(), f"{folder} is not ours"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _digest_of_migrations() -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _DECIDE for path in ROOT.glob(pattern)}):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path, pattern: str) -> None:
    """Another checkout may need its own within the hour."""
    for old in folder.glob(pattern):
        if time.time() - old.stat().st_mtime > _GOOD_FOR:
            shutil.rmtree(old)


def _copy(template: Path, target: Path) -> None:
    """With its owner: for root the server has a user of its own."""
    subprocess.run(["cp", "-pR", template, target], check=True)


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
        _copy(server.cluster, fresh := template.with_suffix(".new"))
        os.utime(fresh)
        fresh.rename(template)
    finally:
        supervisor.stop([["postgres"]])
        postgres.discard(data_dir)
        shutil.rmtree(parent)


def _make_static(template: Path) -> None:
    fresh = template.with_suffix(".new")
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
