"""The SQL that makes a table append-only: triggers for everyone, and no right to try for the application's role.

Written by RunSQL in migrations, without any session switch that could turn it off. The owner of the schema can still
disable a trigger; the hash chain over the rows is the proof against that.
"""

APP_ROLE = "opsportal_app"


def protect(table: str) -> str:
    """Refuse UPDATE, DELETE and TRUNCATE on the table."""
    return f"""
CREATE OR REPLACE FUNCTION opsportal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION opsportal_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION opsportal_append_only();
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
  END IF;
END $$;
"""  # noqa: S608 - the table's name comes from a migration, never from outside


def unprotect(table: str) -> str:
    """The way back for a reversed migration."""
    return f"""
DROP TRIGGER append_only_row ON {table};
DROP TRIGGER append_only_truncate ON {table};
"""


def allow_deleting(table: str, *, when: str) -> str:
    """From now on a row may be deleted when a condition over OLD holds, also by the application; never changed."""
    return f"""
CREATE FUNCTION {table}_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ({when}) THEN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER append_only_row ON {table};
CREATE TRIGGER append_only_row BEFORE UPDATE ON {table}
  FOR EACH ROW EXECUTE FUNCTION opsportal_append_only();
CREATE TRIGGER append_only_delete BEFORE DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION {table}_delete();
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    GRANT DELETE ON {table} TO {APP_ROLE};
  END IF;
END $$;
"""


def forbid_deleting(table: str) -> str:
    """The way back for a reversed migration."""
    return f"""
DROP TRIGGER append_only_delete ON {table};
DROP TRIGGER append_only_row ON {table};
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION opsportal_append_only();
DROP FUNCTION {table}_delete();
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    REVOKE DELETE ON {table} FROM {APP_ROLE};
  END IF;
END $$;
"""  # noqa: S608
