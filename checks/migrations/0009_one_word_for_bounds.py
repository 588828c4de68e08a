"""A number out of its bounds had two words, by kind; these kinds said `assertion` of nothing else."""

from django.db import migrations

KINDS = ["database", "sql_aggregate", "query_benchmark", "redis", "celery_queue"]
TABLES = ["checks_bucket_m", "checks_bucket_h", "checks_bucket_d", "checks_bucket_w"]
ONE_WORD = """
UPDATE {table} SET errors = errors - 'assertion' || jsonb_build_object(
  'out_of_bounds', coalesce((errors->>'out_of_bounds')::int, 0) + (errors->>'assertion')::int)
WHERE errors ? 'assertion' AND check_id IN (SELECT id FROM checks_check WHERE kind = ANY(%s))
"""


def say_one_word(apps, schema_editor):
    of_kinds = {"kind__in": KINDS}
    checks, flips = apps.get_model("checks", "Check").objects, apps.get_model("checks", "Flip").objects
    checks.filter(**of_kinds, last_error="assertion").update(last_error="out_of_bounds")
    ours = checks.filter(**of_kinds).values("pk")
    flips.filter(check_ref__in=ours, reason="assertion").update(reason="out_of_bounds")
    with schema_editor.connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(ONE_WORD.format(table=table), [KINDS])


class Migration(migrations.Migration):
    dependencies = [("checks", "0008_weeks")]

    operations = [migrations.RunPython(say_one_word, migrations.RunPython.noop)]
