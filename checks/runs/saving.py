"""Put a batch's checks back, and bring runs forward: one statement each, however many there are."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from checks.catalogue.models import Check
from checks.catalogue.states import State

_SAVE = """
UPDATE checks_check AS c SET lease_token = NULL, lease_until = NULL, state = n.state, state_since = n.state_since,
  consecutive_fail = n.fails, consecutive_ok = n.passes, recent = n.recent, turns = n.turns, beneath = n.beneath,
  failing_since = n.failing_since, waits_since = n.waits_since, last_run_at = n.run_at, last_ok = n.ok,
  last_error = n.error, last_latency_ms = n.latency, last_value = n.value
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::text[], %s::jsonb[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bool[], %s::text[], %s::float8[], %s::float8[])
  AS n (id, state, state_since, fails, passes, recent, turns, beneath, failing_since, waits_since, run_at, ok, error,
        latency, value)
WHERE c.id = n.id
"""
_SAVED = (
    *("pk", "state", "state_since", "consecutive_fail", "consecutive_ok", "recent", "turns", "beneath"),
    *("failing_since", "waits_since", "last_run_at", "last_ok", "last_error", "last_latency_ms", "last_value"),
)

# Rows that another batch holds are left out: whoever holds them runs them now anyway, and nobody waits in a circle.
_FORWARD = """
WITH sooner AS (
  SELECT c.id, n.due FROM checks_check AS c
  JOIN unnest(%s::bigint[], %s::timestamptz[]) AS n (id, due) ON n.id = c.id
  WHERE c.state <> 'paused' AND c.next_due > n.due ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
)
UPDATE checks_check AS c SET next_due = sooner.due FROM sooner WHERE c.id = sooner.id
"""


def save(checks: Sequence[Check]) -> None:
    """One statement for the whole batch; the rows are locked already."""
    if not checks:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [[_plain(getattr(check, name)) for check in checks] for name in _SAVED])


def bring_forward(due: Mapping[int, datetime]) -> None:
    """Let these run at the given moments, unless they run sooner anyway; the slots after that stay where they are."""
    if not due:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FORWARD, [list(due), list(due.values())])


def _plain(value: object) -> object:
    if isinstance(value, list):
        return json.dumps(value)
    return value.value if isinstance(value, State) else value
