"""What the database says about its own tables, and their rows as PostgreSQL's COPY writes them."""

import hashlib
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from psycopg import sql

from opsportal.backup.contents import Count, Partition, Sequence, Table
from opsportal.backup.sealed_file import FRAME_BYTES
from opsportal.schema import database

# Who was logged in is over when the house burned down: everybody signs in again. The cache is a cache.
LEFT_OUT = (Session._meta.db_table,)

# The same text for the same row whatever a server or a role is set to.
_SETTLED = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
}

_COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s) AND a.attgenerated = ''
GROUP BY c.relname ORDER BY c.relname COLLATE "C"
"""
_ORDERS = """
SELECT c.relname, a.attname, a.attcollation <> 0
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE i.indisprimary AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
ORDER BY c.relname, k.place
"""
_PARTITIONS = """
SELECT c.relname, p.relname, pg_get_expr(c.relpartbound, c.oid), coalesce(c.reloptions, '{}')
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.relnamespace = current_schema()::regnamespace AND c.relispartition AND c.relkind = 'r'
ORDER BY c.relname COLLATE "C"
"""
_SEQUENCES = """
SELECT t.relname, a.attname, s.relname
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  AND t.relnamespace = current_schema()::regnamespace AND t.relname = ANY(%s)
ORDER BY t.relname COLLATE "C", a.attnum
"""


def settle() -> None:
    """Make this transaction write values in one form, and give it all the time it needs."""
    with connection.cursor() as cursor:
        for name, value in _SETTLED.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def kept() -> tuple[Table, ...]:
    """Every table of this version whose rows a backup holds, in one order."""
    names = sorted(database.tables() - {settings.CACHES["default"]["LOCATION"], *LEFT_OUT})
    return described(names)


def described(names: Iterable[str]) -> tuple[Table, ...]:
    """Those of these tables that are there."""
    wanted = list(names)
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, [wanted])
        orders: dict[str, list[tuple[str, bool]]] = {}
        for table, column, is_text in cursor.fetchall():
            orders.setdefault(table, []).append((column, is_text))
        cursor.execute(_COLUMNS, [wanted])
        return tuple(Table(name, tuple(columns), tuple(orders[name])) for name, columns in cursor.fetchall())


def partitions() -> tuple[Partition, ...]:
    """The stretches of time that exist now."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        return tuple(Partition(name, parent, bound, tuple(given)) for name, parent, bound, given in cursor.fetchall())


def sequences(names: Iterable[str]) -> tuple[Sequence, ...]:
    """Where numbers have got to. They run ahead of a snapshot, which hurts nobody; behind they must never be."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES, [list(names)])
        for table, column, sequence in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(sequence)))
            last, is_called = cursor.fetchone()
            found.append(Sequence(table, column, last, is_called))
    return tuple(found)


def rows(table: Table) -> Iterator[bytes]:
    """The rows in their order, in pieces of about a frame."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    order = sql.SQL(", ").join(
        sql.Identifier(column) + sql.SQL(' COLLATE "C"' if is_text else "") for column, is_text in table.order
    )
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(columns, sql.Identifier(table.name), order)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        waiting, size = [], 0
        for row in copy:
            waiting.append(bytes(row))
            size += len(row)
            if size >= FRAME_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
        if waiting:
            yield b"".join(waiting)


class Counting:
    """Rows and hash of a table while its pieces go by."""

    def __init__(self) -> None:
        self._rows = 0
        self._hash = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """A row ends with a line feed, and COPY writes those inside a value in two signs."""
        self._rows += piece.count(b"\n")
        self._hash.update(piece)

    def count(self) -> Count:
        return Count(self._rows, self._hash.hexdigest())


def counted(table: Table) -> Count:
    """What the table holds now."""
    counting = Counting()
    for piece in rows(table):
        counting.add(piece)
    return counting.count()
