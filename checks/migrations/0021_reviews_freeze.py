"""A signed review is frozen by the database too: its row, its findings, its actions. Only an action can still be done."""

from django.db import migrations

from opsportal.append_only import APP_ROLE

TABLES = ("checks_review", "checks_finding", "checks_reviewaction")
REFUSE = """
    RAISE EXCEPTION 'signed: % on % is refused', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';"""
IS_SIGNED = """
  IF EXISTS (SELECT FROM checks_review WHERE signed_at IS NOT NULL AND id IN (OLD.review_id, NEW.review_id)) THEN"""
DONE = "ARRAY['done_at', 'done_by_id']"

FREEZE = f"""
CREATE FUNCTION checks_review_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.signed_at IS NOT NULL THEN {REFUSE}
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER signed_row BEFORE UPDATE OR DELETE ON checks_review
  FOR EACH ROW EXECUTE FUNCTION checks_review_signed();

CREATE FUNCTION checks_finding_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {IS_SIGNED} {REFUSE}
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER signed_row BEFORE INSERT OR UPDATE OR DELETE ON checks_finding
  FOR EACH ROW EXECUTE FUNCTION checks_finding_signed();

CREATE FUNCTION checks_reviewaction_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.done_at IS NULL AND to_jsonb(NEW) - {DONE} = to_jsonb(OLD) - {DONE} THEN
    RETURN NEW;
  END IF; {IS_SIGNED} {REFUSE}
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER signed_row BEFORE INSERT OR UPDATE OR DELETE ON checks_reviewaction
  FOR EACH ROW EXECUTE FUNCTION checks_reviewaction_signed();

CREATE FUNCTION checks_review_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {REFUSE}
END $$;
"""  # noqa: S608 - our own names
EMPTYING = "".join(
    f"""
CREATE TRIGGER signed_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION checks_review_truncate();"""
    for table in TABLES
)
RIGHTS = f"""
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    REVOKE TRUNCATE ON {", ".join(TABLES)} FROM {APP_ROLE};
  END IF;
END $$;
"""  # noqa: S608
THAW = "".join(
    f"DROP TRIGGER signed_row ON {table}; DROP TRIGGER signed_truncate ON {table}; DROP FUNCTION {table}_signed();"
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("checks", "0020_drill_flag")]

    operations = [
        migrations.RunSQL(FREEZE + EMPTYING + RIGHTS, f"{THAW} DROP FUNCTION checks_review_truncate();"),
    ]
