"""The embedded servers: what they promise about data, places and other people's processes."""

import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from opsportal.embedded import places, postgres, redis
from opsportal.embedded.places import Account, Unusable
from opsportal.supervisor import Console, Supervisor
from tests.portals import new_data_dir, remove_data_dir, wait_gone

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    folder = new_data_dir("with a space")
    folder.mkdir(mode=0o700)
    yield folder
    remove_data_dir(folder)


@pytest.fixture
def servers(data_dir: Path) -> Iterator[Callable[[], Supervisor]]:
    """Starts both servers of the data folder; again after they were killed."""
    started: list[Supervisor] = []

    def start() -> Supervisor:
        supervisor = Supervisor(Console(io.StringIO()))
        started.append(supervisor)
        database, queue = postgres.prepare(data_dir), redis.prepare(data_dir)
        supervisor.start(database.child())
        supervisor.start(queue.child())
        assert supervisor.wait_until(lambda: database.is_ready() and queue.is_ready(), within=60)
        database.create_roles()
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


def pids(supervisor: Supervisor) -> list[int]:
    return [running.process.pid for running in supervisor._running.values()]


def kill(supervisor: Supervisor) -> None:
    """kill -9 of both servers, and nobody starts them again."""
    victims = pids(supervisor)
    for running in supervisor._running.values():
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    supervisor._running.clear()
    wait_gone(victims)


def test_rows_and_messages_survive_a_kill_of_both_servers(servers, data_dir: Path):
    supervisor = servers()
    with psycopg.connect(postgres.prepare(data_dir).url(postgres.OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    redis_client.Redis.from_url(redis.prepare(data_dir).url()).rpush("kept", *range(1000))
    time.sleep(1.2)  # Redis writes its file once a second

    kill(supervisor)
    servers()

    with psycopg.connect(postgres.prepare(data_dir).url(postgres.OWNER)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert redis_client.Redis.from_url(redis.prepare(data_dir).url()).llen("kept") == 1000


def test_the_application_works_with_rows_and_cannot_change_tables(servers, data_dir: Path):
    servers()
    cluster = postgres.prepare(data_dir)
    with psycopg.connect(cluster.url(postgres.OWNER)) as connection:
        connection.execute("CREATE TABLE t (id bigserial PRIMARY KEY, n int)")

    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("INSERT INTO t (n) VALUES (1)")
        connection.execute("UPDATE t SET n = 2")
        for refused in ("ALTER TABLE t ADD c int", "TRUNCATE t", "DROP TABLE t", "CREATE TABLE u (n int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)


def test_a_database_made_later_gives_the_application_the_same_rights(servers, data_dir: Path):
    servers()
    cluster = postgres.prepare(data_dir)
    with psycopg.connect(cluster.url(postgres.OWNER), autocommit=True) as connection:
        connection.execute("CREATE DATABASE scratch")
    with psycopg.connect(cluster.url(postgres.OWNER, "scratch")) as connection:
        connection.execute("CREATE TABLE t (n int)")

    with psycopg.connect(cluster.url(database="scratch")) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_the_server_is_version_18_with_the_text_rules_we_need(servers, data_dir: Path):
    servers()

    with psycopg.connect(postgres.prepare(data_dir).url()) as connection:
        answer = connection.execute("SELECT current_setting('server_version_num')::int / 10000, lower('ÄÖ')").fetchone()

    assert answer == (18, "äö")


def test_nobody_else_can_reach_the_sockets(servers, data_dir: Path):
    servers()

    for folder in {postgres.prepare(data_dir).sockets, redis.prepare(data_dir).sockets}:
        assert stat.S_IMODE(folder.lstat().st_mode) == 0o700
        assert len(str(folder / ".s.PGSQL.5432")) < 103


def test_a_stale_lock_whose_number_is_another_process_now_is_cleared(servers, data_dir: Path):
    kill(servers())
    account = places.server_account()
    stranger = subprocess.Popen(
        [shutil.which("sleep") or "sleep", "60"],
        user=account.user,
        group=account.group,
        extra_groups=None if account.is_ours else [],
    )
    lock = data_dir / "pg" / "postmaster.pid"
    lock.write_text(lock.read_text().replace(lock.read_text().splitlines()[0], str(stranger.pid), 1))

    supervisor = servers()

    assert len(pids(supervisor)) == 2
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_server_that_outlived_its_supervisor_is_ended_before_the_next_start(servers, data_dir: Path):
    orphaned = servers()
    orphan = orphaned._running["postgres"].process

    supervisor = servers()

    assert orphan.wait(timeout=5) == 0
    assert supervisor._running["postgres"].process.poll() is None
    orphaned._running["redis"].process.kill()
    orphaned._running["redis"].process.wait()
    orphaned._running.clear()


def test_servers_end_with_a_process_that_was_killed(data_dir: Path):
    code = f"""
import io, sys, time
from pathlib import Path
from opsportal.embedded import postgres, redis
from opsportal.supervisor import Console, Supervisor
folder = Path({str(data_dir)!r})
supervisor = Supervisor(Console(io.StringIO()))
for server in (postgres.prepare(folder), redis.prepare(folder)):
    supervisor.start(server.child())
    supervisor.wait_until(server.is_ready, within=60)
print(*(running.process.pid for running in supervisor._running.values()), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    servers = [int(pid) for pid in parent.stdout.readline().split()]

    parent.kill()
    parent.wait()

    assert len(servers) == 2
    wait_gone(servers)
    parent.stdout.close()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path: Path):
    folder = tmp_path / "sockets"
    folder.symlink_to(tmp_path)

    with pytest.raises(Unusable, match="not a private folder"):
        places.make_socket_folder(folder, places.own_account())


def test_an_open_socket_folder_is_refused(tmp_path: Path):
    folder = tmp_path / "sockets"
    folder.mkdir()
    folder.chmod(0o755)

    with pytest.raises(Unusable, match="not a private folder"):
        places.make_socket_folder(folder, places.own_account())


@pytest.mark.parametrize(("mode", "passes"), [(0o700, False), (0o710, False), (0o701, True), (0o755, True)])
def test_a_stranger_passes_a_folder_only_by_its_last_digit(tmp_path: Path, mode: int, passes: bool):
    tmp_path.chmod(mode)

    assert Account(54321, 54321)._may_enter(tmp_path) is passes


@as_root
def test_for_root_only_the_leaf_is_opened_to_the_server(data_dir: Path):
    parent_before = data_dir.parent.stat()

    cluster = postgres.prepare(data_dir)

    leaf = data_dir.stat()
    assert (leaf.st_uid, leaf.st_gid, stat.S_IMODE(leaf.st_mode)) == (0, cluster.account.gid, 0o710)
    assert cluster.cluster.stat().st_uid == cluster.account.uid
    assert data_dir.parent.stat().st_mode == parent_before.st_mode


@as_root
def test_for_root_a_closed_parent_stays_closed_and_the_cluster_lies_elsewhere(data_dir: Path):
    data_dir.parent.chmod(0o700)

    cluster = postgres.prepare(data_dir)

    assert cluster.cluster.is_relative_to(places.SYSTEM_ROOT)
    assert (data_dir / "pg.location").read_text().strip() == str(cluster.cluster.parent)
    assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o700
    assert postgres.prepare(data_dir) == cluster


@as_root
def test_for_root_programs_that_the_server_cannot_reach_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "SYSTEM_ROOT", new_data_dir("system"))
    account = places.server_account()
    found = postgres._programs(account).parent.parent

    copy = postgres._copy_of(found) / "pginstall18" / "bin"

    answer = subprocess.run(
        [copy / "psql", "--version"],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(PostgreSQL) 18" in answer.stdout
    shutil.rmtree(places.SYSTEM_ROOT.parent)
