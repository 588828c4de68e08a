"""The list's order has an index of its own, and checks can be put away."""

from django.db import migrations, models
from django.db.models import Case, F, Q, When


class Migration(migrations.Migration):
    dependencies = [("checks", "0010_rule")]

    operations = [
        migrations.AddField(
            model_name="check",
            name="archived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(
                Case(
                    When(state="unhealthy", then=0),
                    When(state="flapping", then=1),
                    When(state="insufficient_data", then=2),
                    When(state="blocked", then=3),
                    When(state="healthy", then=4),
                    When(state="paused", then=5),
                ),
                F("severity"),
                F("name"),
                F("id"),
                name="check_worst_first",
                condition=Q(archived_at=None),
            ),
        ),
    ]
