"""DNS checks said in the field of the rule how they compare; that has a word of its own now."""

from django.db import migrations, models

_APART = """
UPDATE checks_check SET spec = (spec - 'rule') || jsonb_build_object('match', spec -> 'rule')
WHERE kind = 'dns' AND spec ? 'rule';
UPDATE checks_check SET rule = 'consecutive' WHERE rule NOT IN ('consecutive', 'k_of_n', 'rate');
"""


class Migration(migrations.Migration):
    dependencies = [("checks", "0009_one_word_for_bounds")]

    operations = [
        migrations.RunSQL(_APART, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule__in", ["consecutive", "k_of_n", "rate"])), name="check_rule"
            ),
        ),
    ]
