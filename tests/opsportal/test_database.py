"""The pool of the web process: a connection whose server went away is never lent."""

from collections.abc import Iterator
from copy import deepcopy

import psycopg
import pytest
from django.db import connection

from opsportal.database.base import DatabaseWrapper, has_ended


@pytest.fixture
def pooled(db) -> Iterator[DatabaseWrapper]:
    """A wrapper with a pool of one, as the web process has it, beside the connection of the test."""
    settings = deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 2}
    settings |= {"CONN_HEALTH_CHECKS": False, "CONN_MAX_AGE": 0}
    wrapper = DatabaseWrapper(settings, alias="pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def server_of(wrapper: DatabaseWrapper) -> int:
    """Which of PostgreSQL's processes answers."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end(pid: int, wrapper: DatabaseWrapper) -> None:
    """End a process of PostgreSQL from outside and wait until it is gone."""
    with psycopg.connect(**wrapper.get_connection_params() | {"options": ""}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_the_same_connection_is_lent_again(pooled):
    first = server_of(pooled)
    pooled.close()

    assert server_of(pooled) == first


def test_a_connection_whose_server_has_ended_is_replaced_before_it_is_lent(pooled):
    first = server_of(pooled)
    pooled.close()
    end(first, pooled)

    assert server_of(pooled) != first


def test_a_line_with_a_word_that_nobody_asked_for_still_stands(pooled):
    with pooled.cursor() as cursor:
        cursor.execute("LISTEN noise")
    raw = pooled.connection
    with psycopg.connect(**pooled.get_connection_params() | {"options": ""}, autocommit=True) as other:
        other.execute("NOTIFY noise")

    assert not has_ended(raw)
