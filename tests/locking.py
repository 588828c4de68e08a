"""What an act locks, and two who meet in the database: on real connections and without luck."""

import re
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

_PATIENCE = 20.0
# A room that an act opens is its own from the insert on.
_LOCKS = re.compile(
    r'(?P<key>pg_advisory_xact_lock)|FROM "(?P<read>\w+)".* FOR (?:NO KEY )?UPDATE|^\s*UPDATE "?(?P<changed>\w+)"?'
    r'|^INSERT INTO "(?P<opened>incidents_incident)"',
    re.DOTALL,
)


def locked(act: Callable[[], object]) -> list[str]:
    """Tables and keys that an act locks, in the order of the first time."""
    with CaptureQueriesContext(connection) as seen:
        act()
    return list(dict.fromkeys(_named(seen)))


def _named(seen: CaptureQueriesContext) -> Iterator[str]:
    for query in seen.captured_queries:
        if (found := _LOCKS.search(query["sql"])) is not None:
            yield "a key" if found["key"] else found["read"] or found["changed"] or found["opened"]


def meanwhile(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What came of both: the first has done its work when the second begins, and commits once that waits or is done."""
    results: list[object] = [None, None]
    is_done, is_through = Event(), Event()

    def do_first() -> None:
        try:
            with transaction.atomic():
                results[0] = first()
                is_done.set()
                _until_one_waits(is_through)
        except Exception as failure:  # noqa: BLE001 - the test looks at it
            results[0] = failure
        finally:
            is_done.set()
            connection.close()

    thread = Thread(target=do_first)
    thread.start()
    is_done.wait(_PATIENCE)
    try:
        results[1] = second()
    except Exception as failure:  # noqa: BLE001 - the test looks at it
        results[1] = failure
    is_through.set()
    thread.join(_PATIENCE)
    return results


def begun(act: Callable[[], object]) -> Callable[[], object]:
    """Begin it on a connection of its own, until it waits for the caller's transaction or is done; what came of it."""
    results: list[object] = [None]
    is_through = Event()

    def run() -> None:
        try:
            results[0] = act()
        except Exception as failure:  # noqa: BLE001 - the test looks at it
            results[0] = failure
        finally:
            is_through.set()
            connection.close()

    def outcome() -> object:
        thread.join(_PATIENCE)
        assert not thread.is_alive(), "it hangs"
        return results[0]

    thread = Thread(target=run, daemon=True)
    thread.start()
    _until_one_waits(is_through)
    return outcome


def goes_through(act: Callable[[], object]) -> bool:
    """Whether it does its work on a connection of its own while the caller's transaction stays open."""
    done: list[object] = []

    def run() -> None:
        try:
            done.append(act())
        finally:
            connection.close()

    thread = Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + _PATIENCE
    while thread.is_alive() and time.monotonic() < until and not _waits():
        time.sleep(0.02)
    return bool(done)


def _until_one_waits(is_through: Event) -> None:
    until = time.monotonic() + _PATIENCE
    while not is_through.is_set() and time.monotonic() < until and not _waits():
        time.sleep(0.02)


def _waits() -> bool:
    """Whether anybody waits for what this connection holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT exists(SELECT FROM pg_locks one WHERE pg_backend_pid() = ANY(pg_blocking_pids(one.pid)))"
        )
        return bool(cursor.fetchone()[0])
