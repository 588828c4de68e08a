"""How many checks there are and which have fallen silent is known without reading all of them."""

from datetime import UTC, datetime

from django.db import migrations, models

# The list's numbers: what is not healthy is counted on its index, and the rest is this less those. One row, written
# when checks come and go, never by a run.
NUMBER = """
CREATE TABLE checks_number (id boolean PRIMARY KEY DEFAULT true CHECK (id), number bigint NOT NULL);
INSERT INTO checks_number (number) SELECT count(*) FROM checks_check;

CREATE FUNCTION checks_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE checks_number SET number = number + (SELECT count(*) FROM new_rows);
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE checks_number SET number = number - (SELECT count(*) FROM old_rows);
  ELSE
    UPDATE checks_number SET number = 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER checks_come AFTER INSERT ON checks_check
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION checks_count();
CREATE TRIGGER checks_go AFTER DELETE ON checks_check
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION checks_count();
CREATE TRIGGER checks_all_go AFTER TRUNCATE ON checks_check FOR EACH STATEMENT EXECUTE FUNCTION checks_count();
"""
NO_NUMBER = """
DROP TRIGGER checks_all_go ON checks_check;
DROP TRIGGER checks_go ON checks_check;
DROP TRIGGER checks_come ON checks_check;
DROP FUNCTION checks_count();
DROP TABLE checks_number;
"""

# A claim says until when the last result speaks. Whatever makes that moment an earlier one takes the word back.
EARLIER = """
CREATE FUNCTION checks_silent_earlier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.silent_from := 'epoch';
  RETURN NEW;
END $$;
CREATE TRIGGER checks_silent_earlier BEFORE UPDATE ON checks_check FOR EACH ROW
  WHEN (NEW.every_seconds < OLD.every_seconds OR coalesce(NEW.last_run_at < OLD.last_run_at, NEW.last_run_at IS NULL))
  EXECUTE FUNCTION checks_silent_earlier();
"""
NOT_EARLIER = """
DROP TRIGGER checks_silent_earlier ON checks_check;
DROP FUNCTION checks_silent_earlier();
"""


class Migration(migrations.Migration):
    dependencies = [("checks", "0022_last_day")]

    operations = [
        migrations.AddField(
            model_name="check",
            name="silent_from",
            field=models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC)),
        ),
        migrations.RemoveIndex(model_name="check", name="check_wants_a_look"),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(
                fields=["state", "archived_at"], name="check_not_healthy", condition=~models.Q(state="healthy")
            ),
        ),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(fields=["silent_from"], name="check_silent_from", condition=models.Q(state="healthy")),
        ),
        migrations.RunSQL(NUMBER, NO_NUMBER),
        migrations.RunSQL(EARLIER, NOT_EARLIER),
    ]
