"""bin/up as an operator meets it: refusals in one sentence, whole portals that survive what machines do."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from opsportal import data_folder, launch, running
from opsportal.embedded.places import Unusable
from tests.portals import (
    ROOT,
    Portal,
    descendants,
    free_port,
    new_data_dir,
    remove_data_dir,
    run_python,
    wait_gone,
)

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    folder = new_data_dir()
    yield folder
    remove_data_dir(folder)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Some other program on a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def up(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, for starts that must be refused."""
    return run_python("-m", "opsportal.launch", *arguments, environment=environment, timeout=120)


def assert_refused(answer: subprocess.CompletedProcess[str], sentence: str) -> None:
    """One sentence, exit 1, and nothing was started."""
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stdout == ""


def test_a_port_in_use_is_refused_before_anything_is_made(listener: socket.socket, data_dir: Path):
    port = listener.getsockname()[1]

    answer = up("--port", str(port), "--data-dir", data_dir)

    assert_refused(answer, f"Port {port} on 127.0.0.1 is already in use")
    assert not data_dir.exists()


def test_a_port_that_another_server_shares_willingly_is_refused(data_dir: Path):
    with socket.socket() as sharing:
        sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sharing.bind(("127.0.0.1", 0))
        sharing.listen()

        with pytest.raises(Unusable, match="already in use"):
            launch.refuse_port("127.0.0.1", sharing.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid"])
def test_a_host_of_another_machine_is_refused(host: str):
    with pytest.raises(Unusable, match=f"{host} is not an address of this machine"):
        launch.refuse_port(host, free_port())


def test_a_read_only_data_folder_is_refused(data_dir: Path):
    data_dir.mkdir(mode=0o555)

    answer = up("--port", str(free_port()), "--data-dir", data_dir)

    assert_refused(answer, f"Cannot write to the data folder {data_dir}")


def test_a_file_in_place_of_the_data_folder_is_refused(data_dir: Path):
    data_dir.write_text("mine")

    assert_refused(up("--port", str(free_port()), "--data-dir", data_dir), "Cannot write to the data folder")


def test_a_folder_with_other_files_is_refused_and_left_alone(data_dir: Path):
    data_dir.mkdir()
    (data_dir / "letter.txt").write_text("dear")

    answer = up("--port", str(free_port()), "--data-dir", data_dir)

    assert_refused(answer, "holds other files")
    assert [path.name for path in data_dir.iterdir()] == ["letter.txt"]


@as_root
def test_a_folder_of_another_users_portal_is_refused(data_dir: Path):
    data_dir.mkdir()
    (data_dir / data_folder.LOCK).touch()
    os.chown(data_dir / data_folder.LOCK, NOBODY, NOBODY)

    assert_refused(up("--port", str(free_port()), "--data-dir", data_dir), "belongs to nobody")


def test_a_full_disk_is_refused(data_dir: Path):
    answer = up("--port", str(free_port()), "--data-dir", data_dir, OPSPORTAL_MIN_FREE_MB="999999999")

    assert_refused(answer, "999999999 MB are needed")


def test_a_folder_in_use_is_refused_and_names_the_port(data_dir: Path):
    folder = data_folder.take(data_dir, least_free=0)
    folder.note_port(8123)

    answer = up("--port", str(free_port()), "--data-dir", data_dir)

    assert_refused(answer, "is in use by another bin/up, which serves port 8123")
    os.close(folder.lock)


@pytest.mark.parametrize("posture", [{"LAUNCH_MODE": "true"}, {"ENVIRONMENT": "production"}])
def test_demo_data_is_refused_in_production(data_dir: Path, posture: dict[str, str]):
    answer = up("--port", str(free_port()), "--data-dir", data_dir, "--demo", **posture)

    assert_refused(answer, "--demo is refused in production posture")


def test_production_is_refused_with_the_missing_names_and_no_values(data_dir: Path):
    answer = up("--port", str(free_port()), "--data-dir", data_dir, ENVIRONMENT="production", SECRET_KEY="do-not-show")

    assert_refused(answer, "DATABASE_URL, REDIS_URL")
    assert "do-not-show" not in answer.stderr


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "db.example.org/opsportal"),
        ("DATABASE_URL", "postgresql://app:sec#ret@db.example.org/opsportal"),
        ("DATABASE_URL", "mysql://app:secret@db.example.org/opsportal"),
        ("POSTGRES_DSN_PROD", "postgresql://app:sec/ret@db.example.org/opsportal"),
        ("REDIS_URL", "redis.example.org"),
        ("REDIS_URL", "rediss://:sec#ret@redis.example.org:6379/0"),
        ("EMAIL_URL", "smtp://app:sec#ret@mail.example.org:25"),
    ],
)
def test_an_address_nobody_can_read_is_refused_by_its_name_only(data_dir: Path, name: str, address: str):
    answer = up("--port", str(free_port()), "--data-dir", data_dir, **{name: address})

    assert_refused(answer, f"{name} is not the address of a")
    assert "sec" not in answer.stderr
    assert not data_dir.exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_is_a_number_that_ports_can_have(port: str):
    answer = up(f"--port={port}")

    assert answer.returncode == 2
    assert "a port is a number from 1 to 65535" in answer.stderr


def test_a_relative_data_folder_counts_from_where_the_command_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPSPORTAL_CALLED_FROM", str(tmp_path))
    monkeypatch.delenv("OPSPORTAL_DATA_DIR")

    assert launch.parse(["--data-dir", "d"]).data_dir == tmp_path / "d"
    assert launch.parse([]).data_dir == ROOT / "var"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_portal_reaches_itself_whatever_it_listens_on(host: str, url: str):
    assert launch.parse(["--host", host]).internal_url == url


def test_a_key_is_made_once_for_us_alone(data_dir: Path):
    folder = data_folder.take(data_dir, least_free=0)

    key = folder.secret_key()

    assert folder.secret_key() == key
    assert len(key) >= 50
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
    os.close(folder.lock)


def test_what_a_killed_portal_left_behind_does_not_count_as_running(data_dir: Path):
    folder = data_folder.take(data_dir, least_free=0)
    data_folder.publish(folder, data_folder.Runtime({"REDIS_URL": "unix:///x"}, 8123))
    facts = json.loads((data_dir / "runtime.json").read_text())

    assert data_folder.running(data_dir) == data_folder.Runtime({"REDIS_URL": "unix:///x"}, 8123)

    (data_dir / "runtime.json").write_text(json.dumps(facts | {"birth": "before"}))
    assert data_folder.running(data_dir) is None
    os.close(folder.lock)


@pytest.mark.parametrize(
    ("words", "split"),
    [
        (["migrate"], (None, ["migrate"])),
        (["--data-dir", "d", "migrate", "--plan"], ("d", ["migrate", "--plan"])),
        (["--data-dir=d", "migrate"], ("d", ["migrate"])),
        (["load", "--data-dir", "d"], (None, ["load", "--data-dir", "d"])),
    ],
)
def test_only_a_data_folder_before_the_command_belongs_to_manage(words: list[str], split: tuple[str | None, list[str]]):
    assert running.split(words) == split


@pytest.mark.serial
def test_a_portal_starts_from_nothing_prints_its_link_and_stops_in_time(fresh_portal: Callable[..., Portal]):
    portal = fresh_portal(from_nothing=True)  # it waits for the line that says ready

    assert portal.status_of("/health/ready") == 200
    assert portal.setup_link.startswith(f"{portal.url}/")
    processes = list(descendants(portal.supervisor.pid))

    assert portal.stop(within=30) == 0

    wait_gone(processes)
    left = {path.name for path in portal.data_dir.iterdir()}
    assert not left & {"runtime.json", "children.json"}


@pytest.mark.serial
def test_everything_killed_and_started_again_keeps_its_data(lived_in_portal: Portal):
    portal = lived_in_portal
    with psycopg.connect(portal.database_url()) as connection:
        before = connection.execute("SELECT id FROM incidents_domain ORDER BY id").fetchall()
        connection.execute("UPDATE incidents_domain SET name = 'kept ' || name")

    portal.kill_everything()
    assert portal.status_of("/health/live") == 0
    portal.start()

    with psycopg.connect(portal.database_url()) as connection:
        kept = connection.execute("SELECT id FROM incidents_domain WHERE name LIKE 'kept %' ORDER BY id").fetchall()
    assert kept == before != []
    assert portal.status_of("/health/ready") == 200


@pytest.mark.serial
@pytest.mark.full
def test_the_supervisor_alone_killed_leaves_nobody_behind(fresh_portal: Callable[..., Portal]):
    portal = fresh_portal()
    processes = list(descendants(portal.supervisor.pid))

    portal.supervisor.kill()

    portal.supervisor.wait()
    wait_gone(processes, within=25)
    portal.start()
    assert portal.status_of("/health/ready") == 200


@pytest.mark.serial
@pytest.mark.full
def test_two_portals_run_side_by_side_one_in_a_folder_with_a_space(fresh_portal: Callable[..., Portal]):
    first = fresh_portal(start=False, data_dir=new_data_dir("with a space"))
    second = fresh_portal(start=False)
    first.begin()
    second.begin()

    for portal in (first, second):
        portal.wait_for_line(r"^Ready: ", within=300)
        assert portal.status_of("/health/ready") == 200
        assert portal.manage("shell", "-c", "print(1)").returncode == 0
    assert first.database_url() != second.database_url()


@pytest.mark.serial
def test_manage_joins_the_running_portal_with_exit_code_stdin_and_key(lived_in_portal: Portal):
    portal = lived_in_portal

    answer = portal.manage(
        "shell",
        "-c",
        "import sys; from django.db import connection as c; from django.conf import settings; "
        "print(c.cursor().execute('select current_user').fetchone()[0], sys.stdin.read(), settings.SECRET_KEY); "
        "sys.exit(2)",
        stdin="typed",
    )

    key = (portal.data_dir / "secret_key").read_text().strip()
    assert answer.stdout.split()[-3:] == ["opsportal_app", "typed", key]
    assert answer.returncode == 2


@pytest.mark.serial
def test_with_servers_of_ones_own_none_is_started(fresh_portal: Callable[..., Portal], lived_in_portal: Portal):
    lender = lived_in_portal
    lent = lender.published()
    names = ("DATABASE_URL", "DATABASE_MIGRATE_URL", "REDIS_URL")
    key = (lender.data_dir / "integration_key").read_text().strip()  # what is stored there was closed with it

    portal = fresh_portal(INTEGRATION_ENCRYPTION_KEY=key, **{name: lent[name] for name in names})

    assert set(portal.children()) == {"web", "worker", "worker-slow", "worker-default"}
    assert not set(names) & set(portal.published())


@pytest.mark.serial
def test_each_crashed_process_comes_back(lived_in_portal: Portal):
    portal = lived_in_portal
    for name in tuple(portal.children()):
        pid = portal.children()[name]
        os.kill(pid, signal.SIGKILL)

        portal.wait_for_line(rf"^{name} +\| ended \(signal SIGKILL\)")
        limit = time.monotonic() + 120
        while portal.children().get(name) == pid or portal.status_of("/health/ready") != 200:
            assert time.monotonic() < limit, portal.log
            time.sleep(0.2)

    assert portal.stop() == 0


@as_root
@pytest.mark.serial
def test_an_ordinary_user_runs_it_the_same(fresh_portal: Callable[..., Portal]):
    """As a user without a home, under a strict umask."""
    python, libraries = python_of_everybody()
    portal = fresh_portal(start=False, PYTHONPATH=libraries, PYTHONDONTWRITEBYTECODE="1", HOME="/nonexistent")
    portal.data_dir.mkdir()
    os.chown(portal.data_dir, NOBODY, NOBODY)
    portal.python = ("sh", "-c", 'umask 077; exec "$0" "$@"', python)
    portal.user = NOBODY

    portal.start()

    assert portal.status_of("/health/ready") == 200
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in descendants(portal.supervisor.pid)}
    assert owners == {NOBODY}
    assert portal.stop() == 0


def python_of_everybody() -> tuple[str, str]:
    """A Python that a stranger may run here, and where it finds our libraries."""
    libraries = str(Path(psycopg.__file__).parent.parent)
    check = f"import granian, psycopg, redis, sys; assert sys.version_info[:2] == {tuple(sys.version_info[:2])}"
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-B", "-c", check],
                env={"PYTHONPATH": libraries},
                cwd=ROOT,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python, libraries
    pytest.skip("no other user may run our Python and libraries here")
