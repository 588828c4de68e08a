"""A pooled connection is looked at before it is lent, not asked.

Django's pool sends an empty query before every request and waits for the answer: one journey in three of a poll without
news takes. A server that went away has closed the line, and that is seen without a word; one that is frozen answers
neither, and the query that follows runs into its own time limit (docs/decisions/0017-fast-lists-and-search.md).
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with a pool that gives no connection whose line has ended. CONN_HEALTH_CHECKS must be off for it."""

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool and has_ended(connection):
            connection.close()
            self.pool.putconn(connection)  # which makes a new one in its place
            connection = super().get_new_connection(conn_params)
        return connection


def has_ended(connection: "psycopg.Connection[Any]") -> bool:
    """True when the server or the network took the line away; what came in unasked is read by a query first."""
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if not line.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return True
    return False
