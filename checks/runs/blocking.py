"""Block what stands on something that is down, and let it go again: history, never news."""

from django.db import connection

# A blocked or freed check begins to count anew. Rows that a batch holds are taken by the next tick.
_SETTLE = """
WITH turned AS (
  SELECT c.id, c.state AS old,
         CASE WHEN parent.state = ANY(%(down)s) THEN 'blocked' ELSE coalesce(nullif(c.beneath, ''),
              'insufficient_data') END AS new,
         CASE WHEN parent.state = ANY(%(down)s) THEN coalesce(nullif(c.beneath, ''), c.state) ELSE '' END AS beneath
  FROM checks_check AS c LEFT JOIN checks_check AS parent ON parent.id = c.parent_id
  WHERE c.state <> 'paused' AND (c.state = 'blocked') <> coalesce(parent.state = ANY(%(down)s), false)
  ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
), moved AS (
  UPDATE checks_check AS c SET state = turned.new, beneath = turned.beneath, state_since = now(),
    consecutive_fail = 0, consecutive_ok = 0, recent = '', turns = '[]', failing_since = NULL, waits_since = NULL
  FROM turned WHERE c.id = turned.id RETURNING c.id, turned.old, turned.new
)
INSERT INTO checks_flip (check_id, at, old, new, reason, failures, processed_at)
SELECT id, now(), old, new, 'parent', 0, now() FROM moved
"""


def settle() -> int:
    """Bring children in line with their parents; how many moved. One statement, safe beside itself.

    A freed check is what it was before, so that neither the block nor its end wakes anybody.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"down": ["unhealthy", "flapping", "blocked"]})
        return int(cursor.rowcount)
